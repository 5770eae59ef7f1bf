import type { Toolbar } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';
import type {
  IGroupAnswer,
  IGroupsAnswer,
  IGroupSummary,
  IHealth,
  IJob,
  IJobEvent,
  IJobRequest,
  IPreviewEnd,
  IPreviewRequest,
  IProofsAnswer,
  IReadProgress,
  IReceiptsAnswer,
  IStatisticsEnd,
  IStatisticsRequest,
  IStatus,
  ITableAnswer,
  ITableFilesAnswer,
  ITableHistoryAnswer,
  ITableRequest,
  ITablesAnswer,
  TwinstoreError
} from './contract';

/** How a request is made. */
export interface IRequestOptions {
  /** Ends the request down to its last hop. */
  signal?: AbortSignal;
  /** Whether nobody asked for this one, so that it must not keep an idle server alive. */
  poll?: boolean;
}

/** How rows are read. */
export interface IReadOptions extends IRequestOptions {
  onProgress?: (progress: IReadProgress) => void;
}

/**
 * The server extension and, behind it, the companion. One method per route.
 *
 * Every method throws `TwinstoreError` and nothing else.
 */
export interface ITwinstoreClient {
  status(options?: IRequestOptions): Promise<IStatus>;
  restart(): Promise<void>;
  /** Writes the first settings (TOML) of a user who has none; returns their file. */
  writeSettings(text: string): Promise<string>;
  health(options?: IRequestOptions): Promise<IHealth>;
  groups(options?: IRequestOptions): Promise<IGroupsAnswer>;
  group(name: string, options?: IRequestOptions): Promise<IGroupAnswer>;
  receipts(group: string, limit: number, options?: IRequestOptions): Promise<IReceiptsAnswer>;
  proofs(group: string, limit: number, options?: IRequestOptions): Promise<IProofsAnswer>;
  /** What lies directly below a folder; the configured roots when it is null. */
  tables(location: string | null, options?: IRequestOptions): Promise<ITablesAnswer>;
  table(request: ITableRequest, options?: IRequestOptions): Promise<ITableAnswer>;
  tableHistory(location: string, limit: number, options?: IRequestOptions): Promise<ITableHistoryAnswer>;
  tableFiles(request: ITableRequest, limit: number, options?: IRequestOptions): Promise<ITableFilesAnswer>;
  /** Rows as bytes of one Arrow IPC stream, in pieces; returns what they are. */
  preview(request: IPreviewRequest, options?: IReadOptions): AsyncGenerator<Uint8Array, IPreviewEnd>;
  statistics(request: IStatisticsRequest, options?: IReadOptions): Promise<IStatisticsEnd>;
  jobs(options?: IRequestOptions): Promise<IJob[]>;
  startJob(request: IJobRequest): Promise<string>;
  job(id: string, options?: IRequestOptions): Promise<IJob>;
  stopJob(id: string): Promise<void>;
  /** Events of a job from sequence number `from` to its last one, across broken connections. */
  events(id: string, from: number, signal: AbortSignal): AsyncIterable<IJobEvent>;
}

export const ITwinstoreClient = new Token<ITwinstoreClient>(
  'jupyterlab-twinstore:ITwinstoreClient',
  'Talks to the twinstore server extension and its companion.'
);

/** A section of the sidebar. */
export interface ISidebarSection {
  id: string;
  title: string;
  /** Sections are shown in ascending rank. */
  rank: number;
  /** Its `toolbar`, when it has one, is shown beside the title. */
  widget: Toolbar.IWidgetToolbar;
}

/** The sidebar, which others join with sections of their own. */
export interface ITwinstoreSidebar {
  addSection(section: ISidebarSection): IDisposable;
  /** Place a widget at the foot, below the sections. */
  setFoot(widget: Widget): void;
  /** Show a widget instead of the sections, for as long as nothing in them can work; null shows them again. */
  setCover(widget: Widget | null): void;
  /** Bring the sidebar to the front. */
  reveal(): void;
  /** Emitted when the user asks for everything anew. */
  readonly refreshRequested: ISignal<ITwinstoreSidebar, void>;
}

export const ITwinstoreSidebar = new Token<ITwinstoreSidebar>(
  'jupyterlab-twinstore:ITwinstoreSidebar',
  'The Twinstore sidebar; add sections to it.'
);

/** What a tab of the Group view is about. */
export interface IGroupContext {
  readonly name: string;
  /** Definition and state as last read; null until the first answer. */
  readonly data: IGroupAnswer | null;
  /** Emitted when `data` may have changed. */
  readonly stateChanged: ISignal<IGroupContext, void>;
}

/** A tab of the Group view. */
export interface IGroupTab {
  id: string;
  title: string;
  /** Tabs are shown in ascending rank. */
  rank: number;
  /** Make the tab's content for one group. The view owns and disposes it. */
  create(group: IGroupContext): Widget;
}

/** The view of one feature group, which others join with tabs of their own. */
export interface IGroupView {
  addTab(tab: IGroupTab): IDisposable;
  open(group: string): void;
  /** Group of the view that was active last, or null. */
  readonly current: string | null;
}

export const IGroupView = new Token<IGroupView>(
  'jupyterlab-twinstore:IGroupView',
  'The main area view of a feature group; add tabs to it.'
);

/** The view of one Delta table. */
export interface ITableView {
  /** @param location Such as `s3a://raw/events`, or a path of the machine where Jupyter Server runs. */
  open(location: string): void;
  /** Table of the view that was active last, or null; its version is null while the newest is looked at. */
  readonly current: { location: string; version: number | null } | null;
}

export const ITableView = new Token<ITableView>(
  'jupyterlab-twinstore:ITableView',
  'The main area view of a Delta table.'
);

/** Data that is read again and again, with how fresh it is. */
export interface IPolled<T> {
  /** As last read; null until the first answer. Kept when a later reading fails. */
  readonly data: T | null;
  /** Why the last reading failed; null when it did not. */
  readonly error: TwinstoreError | null;
  /** When `data` was read, in µs since the epoch. */
  readonly readUs: number | null;
  readonly stateChanged: ISignal<IPolled<T>, void>;
  refresh(): Promise<void>;
}

/** The feature groups under the configured roots. */
export type IGroupsModel = IPolled<IGroupsAnswer> & {
  /** By name. */
  readonly groups: readonly IGroupSummary[];
  /** The one whose state is worst; null while none is known. */
  readonly worst: IGroupSummary | null;
};

export const IGroupsModel = new Token<IGroupsModel>(
  'jupyterlab-twinstore:IGroupsModel',
  'The feature groups that are known, with their states.'
);

/** Whether the chain from the server extension to both stores works. */
export type ConnectionPhase =
  'loading' | 'missing' | 'forbidden' | 'lost' | 'unconfigured' | 'misconfigured' | 'starting' | 'failed' | 'ready';

export interface IConnection {
  status: IStatus;
  /** Null while the companion cannot answer. */
  health: IHealth | null;
}

export type IHealthModel = IPolled<IConnection> & {
  readonly phase: ConnectionPhase;
  readonly phaseChanged: ISignal<unknown, ConnectionPhase>;
};

export const IHealthModel = new Token<IHealthModel>(
  'jupyterlab-twinstore:IHealthModel',
  'Whether server extension, companion and stores answer.'
);

/** Long work: runs of notebooks, proofs, retries. */
export interface IJobsModel {
  /** Newest first. */
  readonly jobs: readonly IJob[];
  readonly error: TwinstoreError | null;
  readonly stateChanged: ISignal<unknown, void>;
  /** Emitted once for each job that ends while it is watched. */
  readonly finished: ISignal<unknown, IJob>;
  /** Whether a job about a group (by its name) or a notebook (by its path) runs, or is just being started. */
  isBusy(subject: string): boolean;
  /** Does nothing while another job about the same group or notebook runs, or is just being started. */
  start(request: IJobRequest): Promise<void>;
  stop(id: string): Promise<void>;
  refresh(): Promise<void>;
}

export const IJobsModel = new Token<IJobsModel>(
  'jupyterlab-twinstore:IJobsModel',
  'Starts, watches and stops jobs of the server extension.'
);

/** Settings of appearance; what is connected to is never among them. */
export interface IAppearance {
  readonly refreshSeconds: number;
  readonly rowLimit: number;
  readonly notifications: boolean;
  readonly changed: ISignal<IAppearance, void>;
}

export const IAppearance = new Token<IAppearance>(
  'jupyterlab-twinstore:IAppearance',
  'How often twinstore reads anew, how many rows it shows, and whether it notifies.'
);
