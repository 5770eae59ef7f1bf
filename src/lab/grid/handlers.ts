import type { DataGrid } from '@lumino/datagrid';
import { BasicKeyHandler, BasicMouseHandler } from '@lumino/datagrid';

/** Farthest that the mouse may move between press and release of a click, in pixels. */
const CLICK = 4;

/** Asks for what can be done with a column, at a place of the window. */
export type AskForColumn = (column: number, x: number, y: number) => void;

/** Keys of a grid that is only looked at: Tab leaves it, Enter asks for the column of the cursor. */
export class GridKeys extends BasicKeyHandler {
  constructor(private readonly _ask: AskForColumn) {
    super();
  }

  override onKeyDown(grid: DataGrid, event: KeyboardEvent): void {
    switch (event.key) {
      case 'Tab':
        return;
      case 'Enter':
        this._askAtCursor(grid, event);
        return;
      default:
        super.onKeyDown(grid, event);
    }
  }

  private _askAtCursor(grid: DataGrid, event: KeyboardEvent): void {
    const column = grid.selectionModel?.cursorColumn ?? -1;
    if (column >= 0) {
      event.preventDefault();
      const { left, top } = grid.viewport.node.getBoundingClientRect();
      const x = left + grid.headerWidth + grid.columnOffset('body', column) - grid.scrollX;
      this._ask(column, x, top + grid.headerHeight);
    }
  }
}

/** A click on a header asks for its column; a drag resizes, as everywhere. */
export class GridMouse extends BasicMouseHandler {
  constructor(private readonly _ask: AskForColumn) {
    super();
  }

  override onMouseDown(grid: DataGrid, event: MouseEvent): void {
    const { region, column } = grid.hitTest(event.clientX, event.clientY);
    this._pressed = region === 'column-header' && event.button === 0 ? { column, event } : null;
    super.onMouseDown(grid, event);
  }

  override onMouseUp(grid: DataGrid, event: MouseEvent): void {
    super.onMouseUp(grid, event);
    const pressed = this._pressed;
    this._pressed = null;
    if (pressed && Math.hypot(event.clientX - pressed.event.clientX, event.clientY - pressed.event.clientY) < CLICK) {
      this._ask(pressed.column, event.clientX, event.clientY);
    }
  }

  private _pressed: { column: number; event: MouseEvent } | null = null;
}
