import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/** Attach a widget to the page, and draw it. */
export async function attached<T extends Widget>(widget: T): Promise<T> {
  Widget.attach(widget, document.body);
  await drawn();
  return widget;
}

/** Do something, and wait until all that follows from it is drawn. */
export async function after(action: () => unknown): Promise<void> {
  action();
  await drawn();
}

/** The only element of a selector in which a text stands. */
export function the(root: Element, selector: string, text = ''): HTMLElement {
  const found = [...root.querySelectorAll<HTMLElement>(selector)].filter(node => node.textContent?.includes(text));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`${found.length} elements ${selector} with “${text}” in ${root.outerHTML}`);
  }
  return found[0];
}

/** Press a key on the element that has the focus. */
export async function press(key: string): Promise<void> {
  await after(() => document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
}

async function drawn(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    MessageLoop.flush();
    await new Promise(resolve => setTimeout(resolve, 1));
  }
}
