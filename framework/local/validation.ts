import type { Call, FrameworkInfo } from '../mesos/messages.ts';
import { capable } from './resources.ts';

/** The texts of this file are those of Mesos 1.12 (master/validation.cpp, common/roles.cpp, common/validation.cpp). */

/** The largest Duration of Mesos: 2^63 nanoseconds, in seconds. */
const MAX_DURATION_SECONDS = 2 ** 63 / 1e9;

/** Checks a framework or task id, which becomes the name of a directory. @returns the mistake; undefined if it is valid */
export function invalidId(id: string): string | undefined {
  if (id === '') return 'ID must not be empty';
  if (Buffer.byteLength(id) > 255) return 'ID must not be greater than 255 characters';
  if (id === '.' || id === '..') return `'${id}' is disallowed`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for control characters
  if (/[/\\\u0000-\u001f\u007f]/.test(id)) return `'${id}' contains invalid characters`;
  return undefined;
}

/** Checks the name of a role. @returns the mistake; undefined if it is valid */
export function invalidRole(role: string): string | undefined {
  if (role === '*') return undefined;
  if (role === '') return 'Role names cannot be the empty string';
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  for (const component of role.split('/')) {
    if (component === '') return `Role '${role}' cannot contain two adjacent slashes`;
    if (['.', '..', '*'].includes(component)) return `Role '${role}' cannot include '${component}' as a component`;
    if (component.startsWith('-')) return `Role component '${component}' is invalid because it starts with a dash`;
    if (/[\t\n\v\f\r \b]/.test(component)) {
      return `Role component '${component}' is invalid because it contains backspace or whitespace`;
    }
  }
  return undefined;
}

/** The roles with which a framework subscribes: any number with MULTI_ROLE, else exactly one. */
export function rolesOf(info: FrameworkInfo): string[] {
  return capable(info, 'MULTI_ROLE') ? (info.roles ?? []) : [info.role ?? '*'];
}

/** @returns the message of the ERROR event that a master sends instead of SUBSCRIBED; undefined if the framework is valid */
export function invalidFramework(info: FrameworkInfo): string | undefined {
  if (info.id && info.id.value !== '') {
    const error = invalidId(info.id.value);
    if (error) return error;
  }
  if (capable(info, 'MULTI_ROLE')) {
    if (info.role !== undefined) return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  } else if ((info.roles ?? []).length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  const roles = rolesOf(info);
  const repeated = [...new Set(roles.filter((role, index) => roles.indexOf(role) !== index))];
  if (repeated.length > 0) return `'FrameworkInfo.roles' contains duplicate items: { ${repeated.join(', ')} }`;
  const field = capable(info, 'MULTI_ROLE')
    ? "'FrameworkInfo.roles' contains invalid role"
    : "'FrameworkInfo.role' is not a valid role";
  for (const role of roles) {
    const error = invalidRole(role);
    if (error) return `${field}: ${error}`;
  }
  const timeout = info.failover_timeout ?? 0;
  if (!(Math.abs(timeout) < MAX_DURATION_SECONDS)) return `The framework failover_timeout (${timeout}) is invalid`;
  return undefined;
}

/** A framework can suppress only its own roles. */
export function invalidSuppression(info: FrameworkInfo, suppressedRoles: readonly string[] = []): string | undefined {
  const roles = rolesOf(info);
  const foreign = suppressedRoles.filter((role) => !roles.includes(role));
  if (foreign.length > 0) return `Suppressed roles { ${foreign.join(', ')} } are not contained in the set of roles`;
  return undefined;
}

/** The sub-message that a call of each type must have. */
const BODY = {
  SUBSCRIBE: 'subscribe',
  ACCEPT: 'accept',
  DECLINE: 'decline',
  ACCEPT_INVERSE_OFFERS: 'accept_inverse_offers',
  DECLINE_INVERSE_OFFERS: 'decline_inverse_offers',
  KILL: 'kill',
  ACKNOWLEDGE: 'acknowledge',
  RECONCILE: 'reconcile',
  UPDATE_FRAMEWORK: 'update_framework',
} as const satisfies Partial<Record<Call['type'], keyof Call>>;

const hasBody = (type: string): type is keyof typeof BODY => type in BODY;

/** RFC 4122 marks its variant in the two highest bits of byte 8; boost's uuid, and so Mesos, demands it. */
const isUuid = (bytes: Uint8Array): boolean => bytes.length === 16 && ((bytes[8] ?? 0) & 0xc0) === 0x80;

/** @returns the text of the answer 400. @param principal the authenticated principal, if any */
export function invalidCall(call: Partial<Call>, principal: string | undefined): string | undefined {
  const { type } = call;
  // The decoder gives an unknown type as its number.
  if (typeof type !== 'string' || String(type) === 'UNKNOWN') return "Expecting 'type' to be present";
  if (type !== 'SUBSCRIBE' && !call.framework_id) return "Expecting 'framework_id' to be present";
  if (hasBody(type) && !call[BODY[type]]) return `Expecting '${BODY[type]}' to be present`;
  const info = call.subscribe?.framework_info ?? call.update_framework?.framework_info;
  if (info && hasBody(type) && (call.framework_id?.value ?? '') !== (info.id?.value ?? '')) {
    return `'framework_id' differs from '${BODY[type]}.framework_info.id'`;
  }
  if (type === 'SUBSCRIBE' && info?.principal && principal !== undefined && info.principal !== principal) {
    return `Authenticated principal '${principal}' does not match principal '${info.principal}' set in \`FrameworkInfo\``;
  }
  if (call.acknowledge && !isUuid(call.acknowledge.uuid)) return 'Not a valid UUID';
  return undefined;
}

export const PRINCIPAL_CHANGED = "Changing framework's principal is not allowed.";

/** Checks that UPDATE_FRAMEWORK changes no fixed field. @returns the text of the answer 400 */
export function invalidUpdate(
  from: FrameworkInfo,
  to: FrameworkInfo,
  suppressedRoles: readonly string[] = [],
): string | undefined {
  const invalid = invalidFramework(to);
  if (invalid !== undefined) return `Supplied FrameworkInfo is not valid: ${invalid}`;
  const change = invalidChange(from, to);
  if (change !== undefined) return `FrameworkInfo update is not valid: ${change}`;
  const suppression = invalidSuppression(to, suppressedRoles);
  return suppression && `'UpdateFramework' call is not valid: ${suppression}`;
}

function invalidChange(from: FrameworkInfo, to: FrameworkInfo): string | undefined {
  if ((from.principal ?? '') !== (to.principal ?? '')) return PRINCIPAL_CHANGED;
  const fixed = (['user', 'checkpoint'] as const).find((field) => (from[field] ?? '') !== (to[field] ?? ''));
  if (!fixed) return undefined;
  const [old, asked] = [from[fixed] ?? '', to[fixed] ?? ''];
  return `Updating 'FrameworkInfo.${fixed}' is unsupported; attempted to update from '${old}' to '${asked}'`;
}
