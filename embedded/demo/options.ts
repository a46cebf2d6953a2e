export interface DemoOptions {
  /** Folder of the UCI Heart Disease files; left out: synthetic rows. */
  readonly data?: string;
  /** A plan, YAML or JSON; left out: the example's. */
  readonly plan?: string;
  /** In place of the plan's. */
  readonly rounds?: number;
  readonly seed?: number;
  /** Everything that the demonstration makes lies here. */
  readonly workdir: string;
  /** Leave everything running until interrupted. */
  readonly keep: boolean;
  /** Where the result goes as JSON, beside `demo.json` in the folder. */
  readonly json?: string;
}
