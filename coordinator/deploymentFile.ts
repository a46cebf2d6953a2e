import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseJson } from '../core/canonicalJson.ts';
import { addressSchema, checkDocument } from '../core/schemas.ts';

/** What `syndic consortium deploy --out` wrote, as far as a coordinator needs it. */
const schema = z.object({
  chainId: z.int().positive(),
  consortium: addressSchema,
  dataUse: addressSchema,
  ledger: addressSchema,
});

/** The variables that a deployment file stands in for. */
export const DEPLOYMENT_VARIABLES = ['CHAIN_ID', 'CONSORTIUM_ADDRESS', 'DATA_USE_ADDRESS', 'LEDGER_ADDRESS'] as const;

/** A deployment file as the variables that it stands in for. @throws SyndicError DOCUMENT_INVALID; Error of the file */
export function readDeploymentFile(path: string): Record<(typeof DEPLOYMENT_VARIABLES)[number], string> {
  const { chainId, consortium, dataUse, ledger } = checkDocument(
    'the deployment',
    schema,
    parseJson(readFileSync(path)),
  );
  return {
    CHAIN_ID: String(chainId),
    CONSORTIUM_ADDRESS: consortium,
    DATA_USE_ADDRESS: dataUse,
    LEDGER_ADDRESS: ledger,
  };
}
