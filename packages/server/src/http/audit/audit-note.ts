/** What only the handler knows of a call. Names and ids, never a secret. */
export interface AuditNote {
  /** Name of the action, where one route does several things; otherwise that of the route. */
  action?: string | undefined;
  /** What it was done to: the id of a training, the name of a model. */
  resource?: string | undefined;
  project?: string | undefined;
}
