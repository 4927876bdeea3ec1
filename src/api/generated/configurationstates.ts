// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.

/**
 * Says whether a controller or speaker could accept the whole configuration.
 */
export interface ConfigurationStateContent {
  /**
   * Empty.
   */
  spec?: {}
  /**
   * What was found.
   */
  status?: {
    /**
     * The conditions in one word.
     */
    result?: 'Valid' | 'Invalid' | 'Unknown'
    /**
     * The messages of all failing conditions, one a line.
     */
    errorSummary?: string
    /**
     * One for each part of the configuration.
     */
    conditions?: {
      /**
       * What is judged.
       */
      type: string
      /**
       * The judgement.
       */
      status: 'True' | 'False' | 'Unknown'
      /**
       * Why, in one word.
       */
      reason: string
      /**
       * Why, in a sentence.
       */
      message: string
      /**
       * The generation judged.
       */
      observedGeneration?: number
      /**
       * When status last changed.
       */
      lastTransitionTime: string
    }[]
  }
}
