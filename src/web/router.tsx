import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router'
import { addressOf, parseSearch, stringifySearch } from './address.ts'
import { Frame } from './frame.tsx'
import { Overview } from './overview.tsx'
import { queries } from './queries.ts'
import { gridQuery } from './run-query.ts'

const root = createRootRoute({
  component: Frame,
  // Other screens have values of their own in the address; the shared ones are checked, and kept from screen to screen.
  validateSearch: (search: Record<string, unknown>) => ({ ...search, ...addressOf(search) }),
  search: { middlewares: [retainSearchParams(['lang', 'theme', 'date', 'refresh'])] },
})

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview })

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  // The screen's program and what it shows are asked for at once, neither behind the other.
  loader: ({ cause }) => {
    if (cause !== 'stay') void queries.prefetchQuery(gridQuery)
  },
  component: lazyRouteComponent(() => import('./runs.tsx'), 'Runs'),
})
const campaigns = createRoute({
  getParentRoute: () => root,
  path: '/campaigns',
  component: lazyRouteComponent(() => import('./campaigns.tsx'), 'Campaigns'),
})
const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  component: lazyRouteComponent(() => import('./compare.tsx'), 'Compare'),
})
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./alerts.tsx'), 'Alerts'),
})

const quality = createRoute({
  getParentRoute: () => root,
  path: '/quality',
  component: lazyRouteComponent(() => import('./quality.tsx'), 'Quality'),
})
const connectors = createRoute({
  getParentRoute: () => root,
  path: '/connectors',
  component: lazyRouteComponent(() => import('./connectors.tsx'), 'Connectors'),
})

const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(() => import('./live.tsx'), 'Live'),
})

const access = createRoute({
  getParentRoute: () => root,
  path: '/access',
  component: lazyRouteComponent(() => import('./access.tsx'), 'Access'),
})

const lineage = createRoute({
  getParentRoute: () => root,
  path: '/lineage',
  component: lazyRouteComponent(() => import('./lineage.tsx'), 'Lineage'),
})
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings.tsx'), 'Settings'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    runs,
    campaigns,
    compare,
    live,
    quality,
    connectors,
    lineage,
    settings,
    alerts,
    access,
  ]),
  parseSearch,
  stringifySearch,
  // Whoever rests on a link is about to follow it.
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
