import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** For `node --import`: writes the URL of every module that is loaded into the file that `LOADED_LIST` names. */
const list = process.env['LOADED_LIST'] ?? '';
registerHooks({
  load(url, context, next) {
    appendFileSync(list, `${url}\n`);
    return next(url, context);
  },
});
