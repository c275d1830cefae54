export interface AnswerOptions {
  /** Default: what the handler's `@HttpCode` says. */
  readonly status?: number;
  /** Where in the store's order this write ended: the header `Tallystick-Position`. Every write gives it. */
  readonly position?: bigint | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a handler returns when there is more to say than the body. */
export class Answer<Body> {
  constructor(
    readonly body: Body,
    readonly options: AnswerOptions,
  ) {}
}

export const answer = <Body>(body: Body, options: AnswerOptions): Answer<Body> =>
  new Answer(body, options);
