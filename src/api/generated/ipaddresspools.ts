// Generated from crds/ by scripts/generate.ts: edit the schema, then `npm run generate`.

/**
 * Addresses that may be given to Services of type LoadBalancer.
 */
export interface IPAddressPoolContent {
  /**
   * What the pool holds and which Services it is for.
   */
  spec: {
    /**
     * Networks (192.0.2.0/24, 2001:db8::/64) and ranges (192.0.2.10-192.0.2.20). Both families may be mixed; Services receive addresses in this order.
     *
     * @minItems 1
     * @maxItems 10000
     */
    addresses: string[]
    /**
     * Whether Services receive addresses of this pool without asking for it.
     */
    autoAssign?: boolean
    /**
     * Whether IPv4 addresses that end in .0 or .255 are left out.
     */
    avoidBuggyIPs?: boolean
    /**
     * Networks and ranges that are not given out although they lie in `addresses`: a gateway, a printer. What is assigned already stays.
     *
     * @maxItems 1000
     */
    excludeAddresses?: string[]
    /**
     * Whether nothing more is given out; what is assigned stays.
     */
    drain?: boolean
    /**
     * Which Services may use the pool; all when absent.
     */
    serviceAllocation?: {
      /**
       * Of several pools for one Service the one with the lowest number comes first, 0 last.
       */
      priority?: number
      /**
       * Namespaces whose Services may use the pool.
       */
      namespaces?: string[]
      /**
       * Namespaces by label; any one suffices, and adds to `namespaces`.
       *
       * Items: Selects namespaces.
       */
      namespaceSelectors?: {
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
       * Services by label; any one suffices.
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
  }
  /**
   * How many addresses are assigned and available.
   */
  status?: {
    /**
     * Number of IPv4 addresses assigned.
     */
    assignedIPv4: number
    /**
     * Number of IPv6 addresses assigned.
     */
    assignedIPv6: number
    /**
     * Number of IPv4 addresses available.
     */
    availableIPv4: number
    /**
     * Number of IPv6 addresses available.
     */
    availableIPv6: number
    /**
     * Accepted: whether the pool is used, and why not. NearlyExhausted: whether few addresses are left. AddressesSkipped: whether some are not given out because the cluster itself uses them.
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
