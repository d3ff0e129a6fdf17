import { h } from 'preact';
import htm from 'htm';

/** Its types believe that the module is CommonJS, where the function is one step further in. */
const tag = /** @type {typeof htm.default} */ (/** @type {unknown} */ (htm));

/** Markup as tagged templates: whatever is put into it is text, never markup. */
export const html = tag.bind(h);
