import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from './view.js';
import { w } from './words.js';

/** As on the wall: held this long, it acts when it is let go. */
const HOLD_MS = 1_000;
/** A finger rolls a little. */
const SLACK_PX = 24;

/**
 * A button that is pressed for a second and then let go. A short click does nothing but say how; sliding away, Escape,
 * scrolling or a change of what it would do stops it. A click that no pointer and no key made (a screen reader's, a
 * switch control's) asks for confirmation instead, as does the button "without holding".
 * @param {{ look: 'failover' | 'restore' | 'drill', title: string, armedTitle: string, fromTo: string, note: string,
 *   disabled: boolean, what: string, onHeld: () => void, onOther: () => void }} props
 */
export function HoldButton({ look, title, armedTitle, fromTo, note, disabled, what, onHeld, onOther }) {
  const [phase, setPhase] = useState(/** @type {'idle' | 'holding' | 'armed'} */ ('idle'));
  const [said, setSaid] = useState('');
  const press = useRef(/** @type {{ timer: ReturnType<typeof setTimeout>, isArmed: boolean } | null} */ (null));

  const begin = () => {
    if (disabled || press.current) return;
    const timer = setTimeout(() => {
      if (press.current) press.current.isArmed = true;
      setPhase('armed');
      navigator.vibrate?.(40);
    }, HOLD_MS);
    press.current = { timer, isArmed: false };
    setSaid('');
    setPhase('holding');
  };
  /** @param {'let go' | 'stopped'} how */
  const end = (how) => {
    const ended = press.current;
    if (!ended) return;
    clearTimeout(ended.timer);
    press.current = null;
    setPhase('idle');
    if (how === 'stopped') setSaid(w.ask.stopped);
    else if (ended.isArmed) onHeld();
    else setSaid(w.ask.short);
  };
  // Whoever presses agreed to these words, and to no others.
  useEffect(() => () => end('stopped'), [fromTo, title, disabled]);

  const handlers = {
    /** @param {PointerEvent & { currentTarget: HTMLElement }} event */
    onPointerDown(event) {
      if (!event.isPrimary || event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      begin();
    },
    /** @param {PointerEvent & { currentTarget: HTMLElement }} event */
    onPointerMove(event) {
      if (press.current && isOutside(event)) end('stopped');
    },
    onPointerUp: () => end('let go'),
    onPointerCancel: () => end('stopped'),
    /** @param {KeyboardEvent} event */
    onKeyDown(event) {
      if (event.key === 'Escape') end('stopped');
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      if (!event.repeat) begin();
    },
    /** @param {KeyboardEvent} event */
    onKeyUp(event) {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      // Else a browser makes a click of it, as a screen reader would.
      event.preventDefault();
      end('let go');
    },
    onBlur: () => end('stopped'),
    /** @param {Event} event */
    onContextMenu: (event) => event.preventDefault(),
    /** @param {MouseEvent} event */
    onClick({ detail }) {
      if (detail === 0 && !disabled) onOther();
    },
  };
  return html`<div class="asking">
    <button
      type="button"
      class="hold ${look} ${phase}"
      aria-disabled=${disabled}
      aria-description=${w.ask.how}
      ...${handlers}
    >
      <span class="title">
        <span>${phase === 'armed' ? armedTitle : title}</span>
        ${phase !== 'armed' && html`<span class="press">${w.ask.press}</span>`}
      </span>
      <span class="from-to">${fromTo}</span>
      ${note && html`<span class="note">${note}</span>`}
    </button>
    <div class="beside">
      <p class="said" role="status">${said}</p>
      <button
        type="button"
        class="link"
        disabled=${disabled}
        aria-label=${`${w.ask.without} ${what}`}
        onClick=${onOther}
      >
        ${w.ask.without}
      </button>
    </div>
  </div>`;
}

/** @param {PointerEvent & { currentTarget: HTMLElement }} event */
function isOutside({ clientX, clientY, currentTarget }) {
  const { left, right, top, bottom } = currentTarget.getBoundingClientRect();
  const isBeside = clientX < left - SLACK_PX || clientX > right + SLACK_PX;
  return isBeside || clientY < top - SLACK_PX || clientY > bottom + SLACK_PX;
}
