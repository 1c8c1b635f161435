package main

import (
	"sync"
	"testing"

	"liuke/shared/api"
	"liuke/shared/api/apitest"
)

func describedInterface(t testing.TB) *apitest.Description {
	t.Helper()
	d, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var readDescription = sync.OnceValues(func() (*apitest.Description, error) { return apitest.Parse([]byte(openAPI)) })

// described checks an answer against the schema that the description has for it.
func described(t *testing.T, route string, out api.Response) {
	t.Helper()
	for _, wrong := range describedInterface(t).Wrong(route, out) {
		t.Error(wrong)
	}
}
