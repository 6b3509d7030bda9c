import { agreesWithJax } from './expressions.ts'

agreesWithJax('reading out of bounds follows the mode, for indices of every dtype up to its limits', 'out_of_bounds', 'read')
agreesWithJax('slices at run-time positions are moved inside', 'out_of_bounds', 'slices')
agreesWithJax('writing out of bounds follows the mode', 'out_of_bounds', 'write')
agreesWithJax('a plain integer out of bounds follows a mode that is named', 'out_of_bounds', 'constants')
agreesWithJax('gradients of what was read or written out of bounds', 'out_of_bounds', 'gradients')
