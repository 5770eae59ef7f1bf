import type { TranslationBundle } from '@jupyterlab/translation';
import type { CSSProperties, KeyboardEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';
import type { ITableEntry } from '../../contract';
import type { IFolder, TablesModel } from './model';

/** What an item that can be opened shows before its name. */
const [CLOSED, OPEN] = ['▸', '▾'];

export interface ITreeProps {
  model: TablesModel;
  trans: TranslationBundle;
  onOpen: (location: string) => void;
}

/** The places of the offline store as a tree: one tab stop, arrows move and open, Enter opens a table. */
export function Tree({ model, trans, onOpen }: ITreeProps): ReactElement {
  const tree = useRef<HTMLUListElement>(null);
  const [wanted, setWanted] = useState<string | null>(null);
  const roots = model.data?.entries ?? [];
  const visible = visibleOf(roots, model.folders);
  const current = visible.find(({ location }) => location === wanted)?.location ?? visible[0]?.location;

  const activate = (entry: ITableEntry): void => {
    if (entry.kind !== 'folder') {
      onOpen(entry.location);
    } else if (model.folders.has(entry.location)) {
      model.close(entry.location);
    } else {
      void model.open(entry.location);
    }
  };
  const focus = (entry: IVisible | undefined): void => {
    if (entry) {
      setWanted(entry.location);
      const items = [...(tree.current?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
      items.find(({ dataset }) => dataset['location'] === entry.location)?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = visible.findIndex(({ location }) => location === current);
    const entry = visible[at];
    if (!entry) {
      return;
    }
    const isOpen = model.folders.has(entry.location);
    switch (event.key) {
      case 'ArrowDown':
        focus(visible[at + 1]);
        break;
      case 'ArrowUp':
        focus(visible[at - 1]);
        break;
      case 'Home':
        focus(visible[0]);
        break;
      case 'End':
        focus(visible.at(-1));
        break;
      case 'ArrowRight':
        if (isOpen) {
          focus(visible[at + 1]?.parent === entry.location ? visible[at + 1] : undefined);
        } else if (entry.kind === 'folder') {
          activate(entry);
        }
        break;
      case 'ArrowLeft':
        if (isOpen) {
          model.close(entry.location);
        } else {
          focus(visible.find(({ location }) => location === entry.parent));
        }
        break;
      case 'Enter':
      case ' ':
        activate(entry);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  const level = (entries: readonly ITableEntry[], depth: number): ReactElement[] =>
    entries.map(entry => {
      const folder = model.folders.get(entry.location);
      return (
        <li
          key={entry.location}
          role="treeitem"
          aria-level={depth}
          aria-selected={entry.location === current}
          aria-expanded={entry.kind === 'folder' ? folder !== undefined : undefined}
          tabIndex={entry.location === current ? 0 : -1}
          data-location={entry.location}
          data-kind={entry.kind}
          style={{ '--twinstore-level': depth } as CSSProperties}
          onFocus={event => {
            event.stopPropagation();
            setWanted(entry.location);
          }}
        >
          <div className="twinstore-Tree-item" title={entry.location} onClick={() => activate(entry)}>
            <span className="twinstore-Tree-twisty" aria-hidden="true">
              {entry.kind === 'folder' && (folder === undefined ? CLOSED : OPEN)}
            </span>
            <span className="twinstore-Tree-name">{entry.name}</span>
            <span className="twinstore-Tree-kind">{kindWords(entry.kind, trans)}</span>
          </div>
          {folder !== undefined && (
            <ul role="group" style={{ '--twinstore-level': depth + 1 } as CSSProperties}>
              {level(folder.answer?.entries ?? [], depth + 1)}
              <Note folder={folder} trans={trans} />
            </ul>
          )}
        </li>
      );
    });

  return (
    <ul ref={tree} className="twinstore-Tree" role="tree" aria-label={trans.__('Tables')} onKeyDown={onKeyDown}>
      {level(roots, 1)}
    </ul>
  );
}

/** What is to be said of a folder beside its entries. */
function Note({ folder, trans }: { folder: IFolder; trans: TranslationBundle }): ReactElement | null {
  const { answer, error } = folder;
  const text =
    error !== null
      ? `${error.message} ${error.remedy}`
      : answer === null
        ? trans.__('Listing …')
        : answer.truncated
          ? trans.__('There is more than is listed: type the path above.')
          : answer.entries.length === 0
            ? trans.__('No table here.')
            : null;
  return text === null ? null : (
    <li role="none" className="twinstore-Tree-note">
      {text}
    </li>
  );
}

interface IVisible extends ITableEntry {
  parent: string | null;
}

/** The items from top to bottom, as they are seen. */
function visibleOf(
  entries: readonly ITableEntry[],
  folders: ReadonlyMap<string, IFolder>,
  parent: string | null = null
): IVisible[] {
  return entries.flatMap(entry => [
    { ...entry, parent },
    ...visibleOf(folders.get(entry.location)?.answer?.entries ?? [], folders, entry.location)
  ]);
}

function kindWords(kind: ITableEntry['kind'], trans: TranslationBundle): string {
  switch (kind) {
    case 'table':
      return trans.__('table');
    case 'group':
      return trans.__('feature group');
    case 'folder':
      return '';
  }
}
