// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.

/**
 * Says which node announces a Service, and on which interfaces.
 */
export interface ServiceL2StatusContent {
  /**
   * Empty.
   */
  spec?: {}
  /**
   * Who announces what.
   */
  status?: {
    /**
     * The node that announces.
     */
    node?: string
    /**
     * The Service's name.
     */
    serviceName?: string
    /**
     * The Service's namespace.
     */
    serviceNamespace?: string
    /**
     * The interfaces it is announced on; absent means all.
     */
    interfaces?: {
      /**
       * The interface's name.
       */
      name?: string
    }[]
  }
}
