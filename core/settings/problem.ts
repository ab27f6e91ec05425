/** One invalid setting: its path, its value, and what is valid. */
export interface SettingsProblem {
  readonly path: string;
  readonly message: string;
}
