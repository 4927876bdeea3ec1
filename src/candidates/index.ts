// Which nodes may announce a Service, in which order, and why the others may not. Pure; who does announce it is settled on
// the wire.
export { clusterView, type ClusterView, type NodeBar } from './cluster-view.ts'
export {
  explainIneligibility,
  explainWithheld,
  type Ineligibility,
  type RankedNode,
  rankNodes,
} from './ranking.ts'
export {
  interfacesOn,
  type ServiceIntent,
  serviceIntent,
  servingNodes,
  shownIPs,
  type Withheld,
} from './service-intent.ts'
