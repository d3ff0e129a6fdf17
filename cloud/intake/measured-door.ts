import type { Clock } from '../../shared/clock.ts';
import type { Meter } from '../ports.ts';
import type { Door } from './accept.ts';
import { originOf } from './caller.ts';

/** The door, with the time measured that it takes to accept. */
export function measuredDoor(door: Door, meter: Meter, clock: Clock): Door {
  return {
    ...door,
    async accept(request) {
      const sinceMs = clock.monotonicMs();
      const reply = await door.accept(request);
      const trigger = originOf(request.caller).kind;
      meter.time('dashover_accept_seconds', { trigger }, (clock.monotonicMs() - sinceMs) / 1_000);
      return reply;
    },
  };
}

/** The door as MQTT has it: every message that it refuses is counted, also those too many to be answered. */
export function countMqttRefusals(door: Door, meter: Meter): Door {
  meter.count('dashover_mqtt_errors_total', { code: 'malformed' }, 0);
  return {
    ...door,
    refused(fault, who, switchName) {
      meter.count('dashover_mqtt_errors_total', { code: fault.code });
      meter.count('dashover_refusals_total', { code: fault.code });
      door.refused(fault, who, switchName);
    },
  };
}
