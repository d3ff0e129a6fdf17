import type { Level, Machine } from './machine.ts';

const CONFIG = '/sys/kernel/config/gpio-sim';

/** A simulated chip of the emulated machine. */
export interface SimulatedChip {
  /** Its device, by the number that the kernel gave it. */
  readonly path: string;
  /** The file that shows whether a line is driven high. */
  value(line: number): string;
  pull(line: number, level: Level['level']): Promise<unknown>;
  /** Levels one after the other; returns how long each really lasted, milliseconds. */
  strip(line: number, levels: readonly Level[]): Promise<readonly number[]>;
  /** Takes the chip out of the machine. */
  takeOut(): Promise<unknown>;
  /** Puts it back, where the kernel may give it another number. */
  putBack(): Promise<SimulatedChip>;
}

/** Adds a chip. Its lines 5, 17, 22, 24 and 27 have the names that a Raspberry Pi gives them. */
export async function addChip(machine: Machine, name: string, label: string, lines: number): Promise<SimulatedChip> {
  const bank = `${CONFIG}/${name}/bank`;
  const named = [5, 17, 22, 24, 27].filter((line) => line < lines);
  const folders = named.map((line) => `mkdir ${bank}/line${line}; echo GPIO${line} > ${bank}/line${line}/name`);
  await shell(
    machine,
    [`mkdir -p ${bank}`, `echo ${lines} > ${bank}/num_lines`, `echo ${label} > ${bank}/label`, ...folders].join('\n'),
  );
  return plugIn(machine, name);
}

async function plugIn(machine: Machine, name: string): Promise<SimulatedChip> {
  const folder = `${CONFIG}/${name}`;
  const told = await shell(machine, `echo 1 > ${folder}/live; cat ${folder}/dev_name ${folder}/bank/chip_name`);
  const [device = '', chip = ''] = told.split('\n');
  const line = (of: number): string => `/sys/devices/platform/${device}/${chip}/sim_gpio${of}`;
  return {
    path: `/dev/${chip}`,
    value: (of) => `${line(of)}/value`,
    pull: (of, level) => machine.ask({ do: 'write', path: `${line(of)}/pull`, text: level }),
    strip: async (of, levels) =>
      (await machine.ask({ do: 'strip', path: `${line(of)}/pull`, levels })) as readonly number[],
    takeOut: () => shell(machine, `echo 0 > ${folder}/live`),
    putBack: () => plugIn(machine, name),
  };
}

/** Takes every simulated chip away. */
export function removeChips(machine: Machine): Promise<string> {
  return shell(
    machine,
    `for chip in ${CONFIG}/*; do
       [ -d "$chip" ] || continue
       echo 0 > "$chip/live" || true
       rmdir "$chip"/bank/line* "$chip/bank" "$chip"
     done`,
  );
}

export async function shell(machine: Machine, script: string): Promise<string> {
  return String(await machine.ask({ do: 'shell', script }));
}
