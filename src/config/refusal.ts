// Why an object of the configuration is refused. What it says is shown as condition, event and page.

/** `message` is a sentence that names the bad value and, where there is one, the remedy. */
export interface Problem {
  readonly reason:
    'InvalidAddresses' | 'InvalidServiceAllocation' | 'OverlappingPool' | 'InvalidAdvertisement'
  readonly message: string
}

export interface ConfigurationRefusal extends Problem {
  readonly object: { readonly kind: 'IPAddressPool' | 'L2Advertisement'; readonly name: string }
}
