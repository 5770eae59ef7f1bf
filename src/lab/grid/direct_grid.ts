import type { SectionList } from '@lumino/datagrid';
import { DataGrid, DataModel, GraphicsContext } from '@lumino/datagrid';

/** A row or a column, and where it is painted, in pixels. */
interface ISection {
  index: number;
  start: number;
  size: number;
}

/** What is painted of the headers, or of the body, along one edge of the grid. */
interface IBand {
  isHeader: boolean;
  sections: readonly ISection[];
  from: number;
  to: number;
}

/**
 * A grid that paints its cells straight onto its canvas.
 *
 * #### Notes
 * Lumino's (2.5) paints each cell into a buffer of the size of the canvas and copies it from there. Without a GPU a
 * browser copies the whole buffer for each cell, so that a view of 300 cells holds the page up for as many copies. This
 * one paints what is needed here: no merged or stretched cells, no renderers that load, no colours of rows or columns.
 */
export class DirectGrid extends DataGrid {
  protected override paintContent(x: number, y: number, width: number, height: number): void {
    // Of nothing, for this sets the scale of the canvas.
    super.paintContent(0, 0, 0, 0);
    const { canvasGC: canvas, dataModel, style } = this;
    canvas.clearRect(x, y, width, height);
    canvas.fillStyle = style.voidColor ?? '';
    canvas.fillRect(x, y, width, height);
    if (dataModel === null) {
      return;
    }
    const { headerWidth, headerHeight } = this;
    const scrolled = this._scrolled();
    const columns = [
      bandOf(true, this.rowHeaderSections, 0, x, x + width),
      bandOf(false, this.columnSections, headerWidth - scrolled.x, Math.max(x, headerWidth), x + width)
    ];
    const rows = [
      bandOf(true, this.columnHeaderSections, 0, y, y + height),
      bandOf(false, this.rowSections, headerHeight - scrolled.y, Math.max(y, headerHeight), y + height)
    ];
    for (const across of columns) {
      for (const down of rows) {
        if (across.from < across.to && down.from < down.to) {
          this._paintRegion(dataModel, across, down);
        }
      }
    }
  }

  /** How far what is on the canvas is scrolled; the scroll bars, which `scrollX` and `scrollY` tell, may be ahead. */
  private _scrolled(): { x: number; y: number } {
    const { left, top } = this.viewport.node.getBoundingClientRect();
    const [x, y] = [Math.floor(left), Math.floor(top)];
    const across = this.hitTest(x + this.headerWidth, y);
    const down = this.hitTest(x, y + this.headerHeight);
    return {
      x: Math.max(0, this.columnOffset('body', across.column) + across.x),
      y: Math.max(0, this.rowOffset('body', down.row) + down.y)
    };
  }

  private _paintRegion(dataModel: DataModel, across: IBand, down: IBand): void {
    const { canvasGC: canvas, style } = this;
    const region = regionOf(across, down);
    const isBody = region === 'body';
    canvas.fillStyle = (isBody ? style.backgroundColor : style.headerBackgroundColor) ?? '';
    canvas.fillRect(across.from, down.from, across.to - across.from, down.to - down.from);
    this._paintCells(dataModel, region, across, down);
    this._paintLines((isBody ? style.gridLineColor : style.headerGridLineColor) ?? '', across, down);
  }

  private _paintCells(dataModel: DataModel, region: DataModel.CellRegion, across: IBand, down: IBand): void {
    const gc = new GraphicsContext(this.canvasGC);
    const metadata = DataModel.emptyMetadata;
    for (const { index: column, start: x, size: width } of across.sections) {
      // A text may be wider than its cell, and a cell may lie partly outside of what is painted.
      gc.save();
      gc.beginPath();
      const left = Math.max(x, across.from);
      gc.rect(left, down.from, Math.min(x + width, across.to) - left, down.to - down.from);
      gc.clip();
      for (const { index: row, start: y, size: height } of down.sections) {
        const value = dataModel.data(region, row, column) as unknown;
        const config = { region, row, column, x, y, width, height, value, metadata };
        gc.save();
        this.cellRenderers.get(config).paint(gc, config);
        gc.restore();
      }
      gc.restore();
    }
    gc.dispose();
  }

  /** Paint the lines below rows and beside columns. */
  private _paintLines(color: string, across: IBand, down: IBand): void {
    const canvas = this.canvasGC;
    canvas.fillStyle = color;
    for (const { start, size } of across.sections) {
      if (start + size <= across.to) {
        canvas.fillRect(start + size - 1, down.from, 1, down.to - down.from);
      }
    }
    for (const { start, size } of down.sections) {
      if (start + size <= down.to) {
        canvas.fillRect(across.from, start + size - 1, across.to - across.from, 1);
      }
    }
  }
}

/** The sections that lie in `low` to `high`, of a list that begins at `origin`. */
function bandOf(isHeader: boolean, list: SectionList, origin: number, low: number, high: number): IBand {
  const to = Math.min(high, origin + list.length);
  const sections: ISection[] = [];
  const first = list.indexOf(low - origin);
  if (first >= 0) {
    for (let index = first, start = origin + list.offsetOf(first); start < to; index++) {
      const size = list.sizeOf(index);
      sections.push({ index, start, size });
      start += size;
    }
  }
  return { isHeader, sections, from: low, to };
}

function regionOf(across: IBand, down: IBand): DataModel.CellRegion {
  if (across.isHeader) {
    return down.isHeader ? 'corner-header' : 'row-header';
  }
  return down.isHeader ? 'column-header' : 'body';
}
