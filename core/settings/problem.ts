/** One bad setting: where, what stands there, and what would be right. */
export interface SettingsProblem {
  readonly path: string;
  readonly message: string;
}
