import { answerGoogle } from './google-server.ts'
import { kakaoFake } from './kakao-server.ts'
import { linkedinAnswers } from './linkedin-server.ts'
import type { MetaRoute } from './meta-server.ts'
import { answerMeta } from './meta-server.ts'
import { microsoftAnswers } from './microsoft-server.ts'
import { naverFake } from './naver-server.ts'
import type { Reply, Request } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { SandboxPlatform } from './shapes.ts'
import { answerTiktok } from './tiktok-server.ts'

/** Answers the calls of one platform. */
export type Answer = (request: Request, call: Call) => Reply

/** Who answers for each platform. A fake that remembers something of its own keeps it in what it makes here, one for each sandbox. */
export const fakes = {
  google_ads: (state) => (request, call) => answerGoogle(state, request, call),
  meta_ads: (state) => (request, call) => answerMeta(state, request, call as Call & { readonly route: MetaRoute }),
  tiktok_ads: (state) => (request, call) => answerTiktok(state, request, call),
  linkedin_ads: linkedinAnswers,
  microsoft_ads: microsoftAnswers,
  naver_searchad: naverFake,
  kakao_moment: kakaoFake,
} as const satisfies Record<SandboxPlatform, (state: SandboxState) => Answer>
