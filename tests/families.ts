/** Programs that tests write by hand, or read from text, may be made of any primitives: what lowers them is brought here. */
import { bringScans } from '../src/families/scans.ts'
import { bringSorts } from '../src/families/sorts.ts'
import { bringSpecialFunctions } from '../src/families/special-functions.ts'
import { bringWindows } from '../src/families/windows.ts'

bringScans()
bringSorts()
bringSpecialFunctions()
bringWindows()
