package scene

import "io/fs"

// Files returns what comes with the suite: the policy and a file for each scene, named as the scene, and those in the folder
// block, each named as its block.
func Files() fs.FS { return builtIn }
