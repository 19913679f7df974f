/** An answer that says no, in the words of the API. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function badValue(message: string): ApiProblem {
  return new ApiProblem(400, 'INVALID_PARAMETER_VALUE', message);
}
