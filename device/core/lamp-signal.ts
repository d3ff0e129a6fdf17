/**
 * What the lamp says. It follows what the endpoint has confirmed; of the press itself it says only `sent`, which means
 * that nobody has answered. `text` is the same in a sentence, for whoever has a screen.
 */
export type Lamp = { readonly text: string } & (
  | {
      readonly name:
        | 'off'
        | 'armed'
        | 'offline'
        | 'sent'
        | 'accepted'
        | 'moving'
        | 'primary'
        | 'maintenance'
        | 'unclear'
        | 'drill'
        | 'not-delivered'
        | 'fault';
    }
  | { readonly name: 'holding'; readonly ripe: boolean }
  /** Somebody else holds the switch, where it is. */
  | { readonly name: 'held'; readonly at: 'primary' | 'elsewhere' }
  | { readonly name: 'refused'; readonly code: string; readonly flashes: number }
);

export const LAMP_OFF: Lamp = { name: 'off', text: 'The button is not running.' };
