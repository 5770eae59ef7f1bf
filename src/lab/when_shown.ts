import { MessageLoop } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';

/** Do something whenever a widget has come into view, by itself or with what it lies in. */
export function whenShown(widget: Widget, action: () => void): void {
  MessageLoop.installMessageHook(widget, (_, { type }) => {
    if (type === 'after-show' || type === 'after-attach') {
      // The widget takes the message after its hooks.
      queueMicrotask(() => {
        if (widget.isVisible) {
          action();
        }
      });
    }
    return true;
  });
}
