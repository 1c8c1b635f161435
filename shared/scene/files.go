package scene

import "io/fs"

// Files returns what comes with the suite: the policy and a file for each scene, named as the scene, and those in the folder
// block, each named as its block.
func Files() fs.FS { return builtIn }

// Under puts a set that nobody decides by yet under another policy than its own: the variants of its scenes are drawn by that
// one's salt.
func (s *Set) Under(p Policy) {
	s.Policy = p
	s.drawBy(p.Holdout.Salt)
}
