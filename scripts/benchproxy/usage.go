package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// procTick is the unit of CPU time in /proc/PID/stat: USER_HZ, 100 a second wherever Go runs. The kernel
// scales the sum of both times to what the scheduler measured in nanoseconds, so that it is off by the
// rounding to a tick and no more.
const procTick = 10 * time.Millisecond

// usage is what a process group has used so far.
type usage struct {
	cpu      time.Duration // by all threads of all processes, user and system
	rssBytes int64
	members  int
}

// usageOf sums over the processes of a group: NGINX has a worker beside its master.
func usageOf(group int) (usage, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		s, err := parseStat(text)
		if err != nil {
			return usage{}, fmt.Errorf("%s: %w", file, err)
		}
		if s.group == group {
			sum.members++
			sum.cpu += s.cpu
			sum.rssBytes += s.rssPages * int64(os.Getpagesize())
		}
	}
	if sum.members == 0 {
		return usage{}, fmt.Errorf("no process is left in group %d", group)
	}
	return sum, nil
}

type procStat struct {
	group    int
	cpu      time.Duration
	rssPages int64
}

// parseStat reads /proc/PID/stat. Its second field is the program's name in parentheses, which may
// itself hold spaces and parentheses; fields are counted from behind it. See proc_pid_stat(5).
func parseStat(text []byte) (procStat, error) {
	name := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[name+1:]))
	const firstField = 3
	if name < 0 || len(fields) <= 24-firstField {
		return procStat{}, errors.New("is not as proc_pid_stat(5) describes it")
	}
	var mistakes [4]error
	number := func(i, field int) (n int64) {
		n, mistakes[i] = strconv.ParseInt(fields[field-firstField], 10, 64)
		return n
	}
	s := procStat{
		group:    int(number(0, 5)),
		cpu:      time.Duration(number(1, 14)+number(2, 15)) * procTick,
		rssPages: number(3, 24),
	}
	return s, errors.Join(mistakes[:]...)
}

// coreTime is how long a core has been busy and idle since the machine started. Time that the hypervisor
// gave to somebody else was stolen, and counts as busy: the core was not to be had.
type coreTime struct{ busy, idle, stolen time.Duration }

// coreTimeOf reads a core's line of /proc/stat, see proc_stat(5).
func coreTimeOf(core int) (coreTime, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return coreTime{}, err
	}
	return parseCore(string(text), core)
}

func parseCore(text string, core int) (coreTime, error) {
	name := "cpu" + strconv.Itoa(core)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 9 || fields[0] != name {
			continue
		}
		var t coreTime
		for i, f := range fields[1:9] { // what guests use is in user and nice already
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return coreTime{}, fmt.Errorf("/proc/stat: %w", err)
			}
			spent := time.Duration(ticks) * procTick
			const idle, wait, stolen = 3, 4, 7
			if i == idle || i == wait {
				t.idle += spent
			} else {
				t.busy += spent
			}
			if i == stolen {
				t.stolen = spent
			}
		}
		return t, nil
	}
	return coreTime{}, fmt.Errorf("this machine has no core %d", core)
}
