package batch

import "sync"

// Each calls do for 0 to n-1, at most limit at a time, and returns when all have returned. A panic of one of them is
// the caller's panic, so that the runner that guards the caller guards them as well.
func Each(n, limit int, do func(i int)) {
	var all sync.WaitGroup
	var once sync.Once
	var panicked any
	places := make(chan struct{}, limit)
	for i := range n {
		places <- struct{}{}
		all.Go(func() {
			defer func() {
				<-places
				if p := recover(); p != nil {
					once.Do(func() { panicked = p })
				}
			}()
			do(i)
		})
	}
	all.Wait()
	if panicked != nil {
		panic(panicked)
	}
}
