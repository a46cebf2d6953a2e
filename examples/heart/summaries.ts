import type { Measured } from './dependence.ts';

/** Rounded figures about one hospital's file; nothing of any row. */
export interface SiteSummary {
  /** As in the file's name, `processed.<name>.data`. */
  readonly name: string;
  /** Rows by diagnosis `num`, 0 … 4. */
  readonly diagnosis: readonly number[];
  /** Mean and standard deviation of the measured columns, zeros that stand for "not measured" left aside. */
  readonly age: Spread;
  readonly trestbps: Spread;
  /** Null: the file has 0 for everybody. */
  readonly chol: Spread | null;
  readonly thalach: Spread;
  readonly oldpeak: Spread;
  /** Rows of a hundred that have a level, by level. */
  readonly sex: Levels;
  readonly cp: Levels;
  readonly fbs: Levels;
  readonly restecg: Levels;
  readonly exang: Levels;
  readonly slope: Levels;
  readonly ca: Levels;
  readonly thal: Levels;
  /** Rows of a hundred whose `chol` is written as 0 though it was not measured. */
  readonly cholZero: number;
  /** How many rows lack exactly these columns. A row is in one line at most. */
  readonly missingTogether: readonly { readonly rows: number; readonly columns: readonly Measured[] }[];
  /** How many rows lack slope, ca and thal, whatever else they lack. */
  readonly missingAlone: { readonly slope: number; readonly ca: number; readonly thal: number };
}

export interface Spread {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

export type Levels = readonly { readonly level: number; readonly percent: number }[];

function spread(mean: number, sd: number, min: number, max: number): Spread {
  return { mean, sd, min, max };
}

/** Levels with the percentages of each, in ascending order of the level. */
function levels(first: number, ...percents: readonly number[]): Levels {
  return percents.map((percent, i) => ({ level: first + i, percent }));
}

/** Angiographic thallium scan: 3 normal, 6 fixed defect, 7 reversible defect. */
function thal(normal: number, fixed: number, reversible: number): Levels {
  return [
    { level: 3, percent: normal },
    { level: 6, percent: fixed },
    { level: 7, percent: reversible },
  ];
}

/**
 * The four populations of Detrano et al., International application of a new probability algorithm for the diagnosis
 * of coronary artery disease, American Journal of Cardiology 64 (1989), 304–310. Rows by diagnosis are section 10 of
 * `heart-disease.names` of the UCI Heart Disease data set (Janosi, Steinbrunn, Pfisterer, Detrano 1988, CC BY 4.0);
 * the rest are column summaries of its four processed files, rounded.
 */
export const summaries: readonly SiteSummary[] = [
  {
    name: 'cleveland',
    diagnosis: [164, 55, 36, 35, 13],
    age: spread(54, 9, 29, 77),
    trestbps: spread(132, 18, 94, 200),
    chol: spread(247, 52, 126, 564),
    thalach: spread(150, 23, 71, 202),
    oldpeak: spread(1, 1.2, 0, 6.2),
    sex: levels(0, 32, 68),
    cp: levels(1, 8, 17, 28, 47),
    fbs: levels(0, 85, 15),
    restecg: levels(0, 50, 1, 49),
    exang: levels(0, 67, 33),
    slope: levels(1, 47, 46, 7),
    ca: levels(0, 58, 22, 13, 7),
    thal: thal(55, 6, 39),
    cholZero: 0,
    missingTogether: [],
    missingAlone: { slope: 0, ca: 4, thal: 2 },
  },
  {
    name: 'hungarian',
    diagnosis: [188, 37, 26, 28, 15],
    age: spread(48, 8, 28, 66),
    trestbps: spread(133, 18, 92, 200),
    chol: spread(251, 68, 85, 603),
    thalach: spread(139, 24, 82, 190),
    oldpeak: spread(0.6, 0.9, 0, 5),
    sex: levels(0, 28, 72),
    cp: levels(1, 4, 36, 18, 42),
    fbs: levels(0, 93, 7),
    restecg: levels(0, 80, 18, 2),
    exang: levels(0, 70, 30),
    slope: levels(1, 12, 87, 1),
    ca: levels(0, 100),
    thal: thal(25, 36, 39),
    cholZero: 0,
    missingTogether: [
      { rows: 23, columns: ['chol'] },
      { rows: 8, columns: ['fbs'] },
      { rows: 1, columns: ['trestbps', 'thalach', 'exang'] },
      { rows: 1, columns: ['restecg'] },
    ],
    missingAlone: { slope: 190, ca: 291, thal: 266 },
  },
  {
    name: 'switzerland',
    diagnosis: [8, 48, 32, 30, 5],
    age: spread(55, 9, 32, 74),
    trestbps: spread(130, 23, 80, 200),
    chol: null,
    thalach: spread(122, 26, 60, 182),
    oldpeak: spread(0.7, 1.1, -2.6, 3.7),
    sex: levels(0, 8, 92),
    cp: levels(1, 3, 3, 14, 80),
    fbs: levels(0, 90, 10),
    restecg: levels(0, 70, 24, 6),
    exang: levels(0, 56, 44),
    slope: levels(1, 31, 58, 11),
    ca: levels(1, 40, 60),
    thal: thal(27, 14, 59),
    cholZero: 100,
    missingTogether: [
      { rows: 68, columns: ['fbs'] },
      { rows: 5, columns: ['fbs', 'oldpeak'] },
      { rows: 2, columns: ['fbs', 'trestbps'] },
      { rows: 1, columns: ['thalach', 'exang', 'oldpeak'] },
      { rows: 1, columns: ['restecg'] },
    ],
    missingAlone: { slope: 17, ca: 118, thal: 52 },
  },
  {
    name: 'va',
    diagnosis: [51, 56, 41, 42, 10],
    age: spread(59, 8, 35, 77),
    trestbps: spread(135, 18, 94, 190),
    chol: spread(240, 53, 100, 458),
    thalach: spread(123, 22, 69, 180),
    oldpeak: spread(1.3, 1.1, -0.5, 4),
    sex: levels(0, 3, 97),
    cp: levels(1, 4, 7, 23, 66),
    fbs: levels(0, 65, 35),
    restecg: levels(0, 40, 46, 14),
    exang: levels(0, 35, 65),
    slope: levels(1, 16, 54, 30),
    ca: levels(0, 100),
    thal: thal(11, 24, 65),
    cholZero: 25,
    missingTogether: [
      { rows: 53, columns: ['trestbps', 'thalach', 'exang', 'oldpeak'] },
      { rows: 3, columns: ['trestbps', 'oldpeak'] },
      { rows: 7, columns: ['chol'] },
      { rows: 7, columns: ['fbs'] },
    ],
    missingAlone: { slope: 102, ca: 198, thal: 166 },
  },
];
