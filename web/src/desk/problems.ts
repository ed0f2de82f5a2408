// Which field of a form a refusal is about: the server names the member in quotes.
import type { Problem } from '../lib/api';

export function memberOf(problem: Problem | null, members: readonly string[]): string {
  if (!problem || problem.status === 401 || problem.status === 403) return '';
  for (const match of problem.detail.matchAll(/["“]([a-z_]+)["”]/g)) if (members.includes(match[1])) return match[1];
  return '';
}
