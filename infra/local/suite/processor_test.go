package suite

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// spending follows the processor time of this process and of those below it, by what they are. It knows nothing where
// there is no /proc.
type spending struct {
	names map[string]string // of functions, by executable
	first map[int]float64   // seconds by process when it was begun
	last  map[int]float64
	what  map[int]string
}

// spending begins to follow the suite's processes: "suite" is this one, which is the stand-ins, the proxy, the lake, the pollers
// and the test.
func (s *Suite) spending() *spending {
	p := &spending{names: map[string]string{}, first: map[int]float64{}, last: map[int]float64{}, what: map[int]string{}}
	for name, file := range s.executables {
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
		p.names[file] = filepath.Base(name)
	}
	p.look()
	p.first = maps.Clone(p.last)
	return p
}

// look notes how far each process is; what one did after the last look before its end is lost.
func (p *spending) look() {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	parents, now := map[int]int{}, map[int]float64{}
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has gone
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		parents[pid], _ = strconv.Atoi(fields[1])
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		now[pid] = (user + system) / 100 // Linux's clock ticks
	}
	self := os.Getpid()
	for pid, seconds := range now {
		for above := pid; above > 1; above = parents[above] {
			if above == self {
				p.last[pid], p.what[pid] = seconds, p.name(pid)
				break
			}
		}
	}
}

func (p *spending) name(pid int) string {
	if pid == os.Getpid() {
		return "suite"
	}
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // "" of one that has gone
	if name := p.names[file]; name != "" {
		return name
	}
	if name := filepath.Base(file); name != "node" {
		return name
	}
	return "fauxqs"
}

// spent is the seconds since it was begun, by what spent them.
func (p *spending) spent() map[string]float64 {
	sums := map[string]float64{}
	for pid, seconds := range p.last {
		sums[p.what[pid]] += seconds - p.first[pid]
	}
	return sums
}

// each says how many milliseconds each of so many took, and of what, the most first.
func (p *spending) each(n int) string {
	sums, all := p.spent(), 0.
	for _, seconds := range sums {
		all += seconds
	}
	var lines []string
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return int(1000 * (sums[b] - sums[a])) })
	for _, name := range names {
		if share := sums[name] / all; share >= .005 {
			lines = append(lines, fmt.Sprintf("%s %.2f (%.0f %%)", name, 1000*sums[name]/float64(n), 100*share))
		}
	}
	return fmt.Sprintf("%.2f ms of processor time each: %s", 1000*all/float64(n), strings.Join(lines, ", "))
}
