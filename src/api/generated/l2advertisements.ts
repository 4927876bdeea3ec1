// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.

/**
 * Announces pools with ARP and NDP. Without a spec, all pools from all nodes on all interfaces.
 */
export interface L2AdvertisementContent {
  /**
   * What is announced, and from where.
   */
  spec?: {
    /**
     * Pools by name. All pools when this and the selectors are empty.
     */
    ipAddressPools?: string[]
    /**
     * Pools by label; any one suffices, and adds to `ipAddressPools`.
     *
     * Items: Selects pools.
     */
    ipAddressPoolSelectors?: {
      /**
       * Labels that must be there with exactly these values.
       */
      matchLabels?: {
        [k: string]: string
      }
      /**
       * Expressions that must all hold.
       */
      matchExpressions?: {
        /**
         * The label's name.
         */
        key: string
        /**
         * In, NotIn, Exists or DoesNotExist.
         */
        operator: string
        /**
         * For In and NotIn, at least one; for the others none.
         */
        values?: string[]
      }[]
    }[]
    /**
     * Nodes that may announce, by label; any one suffices. All nodes when empty.
     *
     * Items: Selects nodes.
     */
    nodeSelectors?: {
      /**
       * Labels that must be there with exactly these values.
       */
      matchLabels?: {
        [k: string]: string
      }
      /**
       * Expressions that must all hold.
       */
      matchExpressions?: {
        /**
         * The label's name.
         */
        key: string
        /**
         * In, NotIn, Exists or DoesNotExist.
         */
        operator: string
        /**
         * For In and NotIn, at least one; for the others none.
         */
        values?: string[]
      }[]
    }[]
    /**
     * Nodes that announce rather than others; the weights of all that match are added up.
     */
    preferredNodeSelectors?: {
      /**
       * From 1 to 100.
       */
      weight: number
      /**
       * Selects nodes; an empty one selects all.
       */
      preference: {
        /**
         * Labels that must be there with exactly these values.
         */
        matchLabels?: {
          [k: string]: string
        }
        /**
         * Expressions that must all hold.
         */
        matchExpressions?: {
          /**
           * The label's name.
           */
          key: string
          /**
           * In, NotIn, Exists or DoesNotExist.
           */
          operator: string
          /**
           * For In and NotIn, at least one; for the others none.
           */
          values?: string[]
        }[]
      }
    }[]
    /**
     * Interfaces to announce on, by exact name. All interfaces when empty.
     */
    interfaces?: string[]
    /**
     * Services by label; any one suffices. All Services of the pools when empty.
     *
     * Items: Selects Services.
     */
    serviceSelectors?: {
      /**
       * Labels that must be there with exactly these values.
       */
      matchLabels?: {
        [k: string]: string
      }
      /**
       * Expressions that must all hold.
       */
      matchExpressions?: {
        /**
         * The label's name.
         */
        key: string
        /**
         * In, NotIn, Exists or DoesNotExist.
         */
        operator: string
        /**
         * For In and NotIn, at least one; for the others none.
         */
        values?: string[]
      }[]
    }[]
  }
  /**
   * Not written.
   */
  status?: {}
}
