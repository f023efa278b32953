/**
 * The messages of `v1.proto` as this program holds them: field names as in the .proto (which are also those of Mesos'
 * JSON), enums by name, bytes as Buffers, 64-bit integers as decimal strings. Absent optional fields are absent.
 */

export interface Id {
  value: string;
}

export type CallType =
  | 'SUBSCRIBE'
  | 'TEARDOWN'
  | 'ACCEPT'
  | 'DECLINE'
  | 'ACCEPT_INVERSE_OFFERS'
  | 'DECLINE_INVERSE_OFFERS'
  | 'REVIVE'
  | 'SUPPRESS'
  | 'KILL'
  | 'ACKNOWLEDGE'
  | 'RECONCILE'
  | 'UPDATE_FRAMEWORK';

/** One call to `POST /api/v1/scheduler`: `type` says which of the sub-messages is set. */
export interface Call {
  type: CallType;
  framework_id?: Id;
  subscribe?: { framework_info: FrameworkInfo; suppressed_roles?: string[] };
  accept?: { offer_ids: Id[]; operations: Operation[]; filters?: Filters };
  decline?: { offer_ids: Id[]; filters?: Filters };
  accept_inverse_offers?: { inverse_offer_ids: Id[]; filters?: Filters };
  decline_inverse_offers?: { inverse_offer_ids: Id[]; filters?: Filters };
  revive?: { roles?: string[] };
  suppress?: { roles?: string[] };
  kill?: { task_id: Id; agent_id?: Id; kill_policy?: KillPolicy };
  acknowledge?: { agent_id: Id; task_id: Id; uuid: Buffer };
  reconcile?: { tasks: { task_id: Id; agent_id?: Id }[] };
  update_framework?: { framework_info: FrameworkInfo; suppressed_roles?: string[] };
}

export interface Operation {
  type: 'LAUNCH';
  launch: { task_infos: TaskInfo[] };
}

/** `refuse_seconds`: how long the unused resources of the offer stay away; default 5, at most a year. */
export interface Filters {
  refuse_seconds?: number;
}

/**
 * One event of the stream. Unknown values of `type` and other enums are numbers from protobuf,
 * and are missing from JSON: compare with the known values, and ignore the rest.
 */
export interface Event {
  type: string;
  subscribed?: { framework_id: Id; heartbeat_interval_seconds?: number; master_info?: MasterInfo };
  offers?: { offers?: Offer[] };
  inverse_offers?: { inverse_offers?: InverseOffer[] };
  rescind?: { offer_id: Id };
  rescind_inverse_offer?: { inverse_offer_id: Id };
  update?: { status: TaskStatus };
  message?: { agent_id: Id; executor_id: Id; data: Buffer };
  failure?: { agent_id?: Id; executor_id?: Id; status?: number };
  error?: { message: string };
}

export interface FrameworkInfo {
  user: string;
  name: string;
  id?: Id;
  /** Seconds for which the master keeps tasks of a disconnected framework; 0 kills them at once. */
  failover_timeout?: number;
  checkpoint?: boolean;
  role?: string;
  roles?: string[];
  hostname?: string;
  principal?: string;
  webui_url?: string;
  capabilities?: { type: string }[];
  labels?: Labels;
}

export interface Labels {
  labels?: { key: string; value?: string }[];
}

export interface MasterInfo {
  id: string;
  ip: number;
  port: number;
  pid?: string;
  hostname?: string;
  version?: string;
  address?: { hostname?: string; ip?: string; port: number };
}

export interface Offer {
  id: Id;
  framework_id: Id;
  agent_id: Id;
  hostname: string;
  /** Where the agent's HTTP API is. */
  url?: { scheme: string; address: { hostname?: string; ip?: string; port: number }; path?: string };
  resources?: Resource[];
  attributes?: Attribute[];
  executor_ids?: Id[];
  unavailability?: Unavailability;
  allocation_info?: { role?: string };
}

export interface InverseOffer {
  id: Id;
  framework_id: Id;
  agent_id?: Id;
  unavailability: Unavailability;
  resources?: Resource[];
}

export interface Unavailability {
  start: { nanoseconds: string };
  duration?: { nanoseconds: string };
}

/** `scalar` for SCALAR resources: cpus in cores, mem and disk in MB, with three decimals. */
export interface Resource {
  name: string;
  type: ValueType;
  scalar?: { value: number };
  ranges?: { range?: { begin: string; end: string }[] };
  set?: { item?: string[] };
  role?: string;
  allocation_info?: { role?: string };
  reservation?: Reservation;
  reservations?: Reservation[];
  disk?: { persistence?: { id: string; principal?: string }; source?: { type: string; id?: string } };
  revocable?: Record<string, never>;
  shared?: Record<string, never>;
}

export interface Reservation {
  type?: string;
  role?: string;
  principal?: string;
  labels?: Labels;
}

export type ValueType = 'SCALAR' | 'RANGES' | 'SET' | 'TEXT';

export interface Attribute {
  name: string;
  type: ValueType;
  scalar?: { value: number };
  ranges?: { range?: { begin: string; end: string }[] };
  text?: { value: string };
}

export interface TaskInfo {
  name: string;
  task_id: Id;
  agent_id: Id;
  resources: Resource[];
  command?: CommandInfo;
  container?: ContainerInfo;
  kill_policy?: KillPolicy;
  data?: Buffer;
  labels?: Labels;
}

export interface KillPolicy {
  grace_period?: { nanoseconds: string };
}

/** `shell: true` runs `value` by `/bin/sh -c`; otherwise `value` is the program and `arguments` its argv, argv[0] first. */
export interface CommandInfo {
  value?: string;
  shell?: boolean;
  arguments?: string[];
  user?: string;
  environment?: { variables?: { name: string; type?: string; value?: string }[] };
  uris?: { value: string; executable?: boolean; extract?: boolean; cache?: boolean; output_file?: string }[];
}

export interface ContainerInfo {
  type: 'DOCKER' | 'MESOS';
  volumes?: { mode: 'RW' | 'RO'; container_path: string; host_path?: string }[];
  hostname?: string;
  docker?: {
    image: string;
    network?: 'HOST' | 'BRIDGE' | 'NONE' | 'USER';
    privileged?: boolean;
    parameters?: { key: string; value: string }[];
    force_pull_image?: boolean;
  };
  mesos?: { image?: { type: 'DOCKER'; docker: { name: string }; cached?: boolean } };
}

export type TaskState =
  | 'TASK_STAGING'
  | 'TASK_STARTING'
  | 'TASK_RUNNING'
  | 'TASK_KILLING'
  | 'TASK_FINISHED'
  | 'TASK_FAILED'
  | 'TASK_KILLED'
  | 'TASK_ERROR'
  | 'TASK_LOST'
  | 'TASK_DROPPED'
  | 'TASK_UNREACHABLE'
  | 'TASK_GONE'
  | 'TASK_GONE_BY_OPERATOR'
  | 'TASK_UNKNOWN';

export interface TaskStatus {
  task_id: Id;
  state: TaskState;
  message?: string;
  source?: string;
  reason?: string;
  data?: Buffer;
  agent_id?: Id;
  executor_id?: Id;
  /** Seconds since 1970. */
  timestamp?: number;
  /** Present when the update must be acknowledged. */
  uuid?: Buffer;
  healthy?: boolean;
  unreachable_time?: { nanoseconds: string };
}
