import { agreesWithJax } from './expressions.ts'

agreesWithJax('reading out of bounds follows the mode, for indices of every dtype up to its limits', 'out_of_bounds', 'read')
agreesWithJax('slices at run-time positions are moved inside', 'out_of_bounds', 'slices')
agreesWithJax('writing out of bounds follows the mode', 'out_of_bounds', 'write')
agreesWithJax('a plain integer out of bounds follows a mode that is named', 'out_of_bounds', 'constants')
agreesWithJax('a plain integer out of bounds reads clamped, and writes nothing', 'out_of_bounds', 'plain')
agreesWithJax('so does a scalar index known at run time', 'out_of_bounds', 'scalars')
agreesWithJax('an element read by clamping has a derivative where one block is read, and none where elements are picked', 'out_of_bounds', 'one block')
agreesWithJax('gradients of what was read or written out of bounds', 'out_of_bounds', 'gradients')
