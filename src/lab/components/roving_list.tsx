import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import { useRef, useState } from 'react';

/** What the one focusable element of an item takes. */
export interface IRovingFocus {
  tabIndex: number;
  'data-roving': true;
}

export interface IRovingListProps<T> {
  label: string;
  items: readonly T[];
  idOf: (item: T) => string;
  /** What stands in an item. */
  draw: (item: T, focus: IRovingFocus) => ReactNode;
  className: string;
}

/** A list that takes one tab stop; arrows, Home and End move inside it. */
export function RovingList<T>(props: IRovingListProps<T>): ReactElement {
  const list = useRef<HTMLUListElement>(null);
  const [wanted, setWanted] = useState<string | null>(null);
  const ids = props.items.map(props.idOf);
  const current = wanted !== null && ids.includes(wanted) ? wanted : (ids[0] ?? null);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target as Element).matches('[data-roving]')) {
      // What else stands in an item, such as a text that scrolls, has its own use for these keys.
      return;
    }
    const at = current === null ? 0 : ids.indexOf(current);
    const next = target(event.key, at, ids.length);
    const id = next === null ? undefined : ids[next];
    if (next === null || id === undefined) {
      return;
    }
    event.preventDefault();
    setWanted(id);
    list.current?.querySelectorAll<HTMLElement>('[data-roving]')[next]?.focus();
  };

  return (
    <ul ref={list} className={props.className} aria-label={props.label} onKeyDown={onKeyDown}>
      {props.items.map(item => {
        const id = props.idOf(item);
        return (
          <li key={id} onFocus={() => setWanted(id)}>
            {props.draw(item, { tabIndex: id === current ? 0 : -1, 'data-roving': true })}
          </li>
        );
      })}
    </ul>
  );
}

function target(key: string, at: number, length: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return Math.min(at + 1, length - 1);
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return null;
  }
}
