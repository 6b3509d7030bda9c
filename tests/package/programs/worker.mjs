import './worker-scope.mjs'
import 'pullback/worker'
