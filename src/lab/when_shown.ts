import { MessageLoop } from '@lumino/messaging';
import type { Widget } from '@lumino/widgets';

/** Messages after which a widget has come into view or gone out of it, by itself or with what it lies in. */
const TURNS = ['after-show', 'after-attach', 'after-hide', 'after-detach'];

/** Do something whenever a widget has come into view. */
export function whenShown(widget: Widget, action: () => void): void {
  whenTurned(widget, isVisible => {
    if (isVisible) {
      action();
    }
  });
}

/** Let a model read by itself only while a widget can be seen. */
export function readWhileShown(widget: Widget, model: { setSeen: (isSeen: boolean) => void }): void {
  model.setSeen(widget.isVisible);
  whenTurned(widget, isVisible => model.setSeen(isVisible));
}

function whenTurned(widget: Widget, action: (isVisible: boolean) => void): void {
  MessageLoop.installMessageHook(widget, (_, { type }) => {
    if (TURNS.includes(type)) {
      // The widget takes the message after its hooks.
      queueMicrotask(() => action(widget.isVisible));
    }
    return true;
  });
}
