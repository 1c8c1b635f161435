package page

import (
	"slices"
	"strconv"
	"strings"
)

// Match returns the available locale that serves a reader best: the one asked for (by ?lang=), else the one that the
// Accept-Language header prefers (RFC 9110, 12.5.4), else the first available. Tags match without regard to case; a
// tag of another region or script falls to the same language (zh-TW to zh-CN, en-GB to en), because a reader is
// likelier to read that than the fallback.
func Match(asked, acceptLanguage string, available []string) string {
	if l, ok := Named(asked, acceptLanguage, available); ok {
		return l
	}
	return available[0]
}

// Named is Match where the reader names one that is available; ok is false where not.
func Named(asked, acceptLanguage string, available []string) (locale string, ok bool) {
	for _, tag := range append([]string{asked}, preferred(acceptLanguage)...) {
		if l, ok := find(tag, available); ok {
			return l, true
		}
	}
	return "", false
}

// maxHeaderBytes and maxTags bound the work that a header can ask for.
const (
	maxHeaderBytes = 1 << 10
	maxTags        = 32
)

// preferred returns the tags of an Accept-Language header by falling weight, those of weight 0 left out.
func preferred(header string) []string {
	if len(header) > maxHeaderBytes {
		return nil
	}
	type weighted struct {
		tag string
		q   float64
	}
	var all []weighted
	for part := range strings.SplitSeq(header, ",") {
		if len(all) == maxTags {
			break
		}
		tag, parameter, has := strings.Cut(part, ";")
		w := weighted{strings.TrimSpace(tag), 1}
		if has {
			value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
			q, err := strconv.ParseFloat(value, 64)
			if !ok || err != nil || !(q > 0 && q <= 1) {
				continue
			}
			w.q = q
		}
		if w.tag != "" && w.tag != "*" {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b weighted) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	tags := make([]string, len(all))
	for i, w := range all {
		tags[i] = w.tag
	}
	return tags
}

func find(tag string, available []string) (string, bool) {
	if tag == "" {
		return "", false
	}
	for _, l := range available {
		if strings.EqualFold(l, tag) {
			return l, true
		}
	}
	for _, l := range available {
		if strings.EqualFold(language(l), language(tag)) {
			return l, true
		}
	}
	return "", false
}

func language(tag string) string {
	l, _, _ := strings.Cut(tag, "-")
	return l
}
