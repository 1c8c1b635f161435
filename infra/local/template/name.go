package template

import (
	"path"
	"strings"
)

// PackageMetadata is the key of a function's metadata that names the Go package it is built from.
const PackageMetadata = "liuke:package"

// the last parts of a construct's path that tell nothing about it
var silent = map[string]bool{
	"Resource": true, "Default": true, "Queue": true, "Function": true, "Table": true, "Bucket": true, "Schedule": true,
	"Topic": true, "Secret": true, "Key": true, "Role": true, "Mapping": true,
}

// Short is what people call the resource: a function by its package, as "ingest", everything else by the last telling
// part of its construct's path, in lower case, as "events"; dead letters of a queue are "events-deadletters".
func (r *Resource) Short() string {
	if p, ok := r.Metadata[PackageMetadata].(string); ok {
		return path.Base(p)
	}
	parts := strings.Split(r.Path, "/")
	if len(parts) < 2 {
		return strings.ToLower(r.LogicalID)
	}
	parts = parts[1:]
	for len(parts) > 1 && silent[parts[len(parts)-1]] {
		parts = parts[:len(parts)-1]
	}
	last := name(parts[len(parts)-1])
	if last == "deadletters" && len(parts) > 1 {
		last = name(parts[len(parts)-2]) + "-" + last
	}
	return last
}

// name is a construct's id in lower case, without the word Queue behind it: a queue is named after what it holds.
func name(id string) string {
	if short := strings.TrimSuffix(id, "Queue"); short != "" {
		id = short
	}
	return strings.ToLower(id)
}
