/** Why packages cannot be resolved, in dbt's words; the command that asked makes the coded error of it. */
export class PackageFailure extends Error {}
