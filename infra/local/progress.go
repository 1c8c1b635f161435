package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// console prints lines, and one line at the bottom that is replaced as work goes on. Where the output is no terminal
// the line is printed now and then instead.
type console struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	bar      string // what stands in the last line, "" for nothing
	last     time.Time
}

func newConsole(out *os.File) *console {
	info, err := out.Stat()
	return &console{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Write prints text as it is.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	n, err := c.out.Write(p)
	c.draw()
	return n, err
}

// say prints a line.
func (c *console) say(line string) { fmt.Fprintln(c, line) }

// timed prints lines with the seconds since now in front of them.
func (c *console) timed() func(string) {
	started := time.Now()
	return func(line string) { c.say(fmt.Sprintf("%5.1f s  %s", time.Since(started).Seconds(), line)) }
}

const barEvery = 2 * time.Second // where the output is no terminal

// progress shows how far something is: a share from 0 to 1, and words.
func (c *console) progress(share float64, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const width = 30
	full := int(share * width)
	line := fmt.Sprintf("[%s%s] %3.0f%%  %s", strings.Repeat("#", full), strings.Repeat(".", width-full), share*100, words)
	if c.terminal {
		c.clear()
		c.bar = line
		c.draw()
		return
	}
	if time.Since(c.last) >= barEvery {
		c.last = time.Now()
		fmt.Fprintln(c.out, line)
	}
}

// done removes the line of progress.
func (c *console) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.bar = ""
}

func (c *console) clear() {
	if c.bar != "" {
		fmt.Fprint(c.out, "\r\x1b[K")
	}
}

func (c *console) draw() {
	if c.bar != "" {
		fmt.Fprint(c.out, c.bar)
	}
}
