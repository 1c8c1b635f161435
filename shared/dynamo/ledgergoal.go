package dynamo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"liuke/shared/message"
)

// encodeGoals spells each goal as its time in Unix milliseconds, its worth, its version, "void" or "met", and its id.
func encodeGoals(goals []message.Goal) *types.AttributeValueMemberSS {
	set := make([]string, len(goals))
	for i, g := range goals {
		state := "met"
		if g.Void {
			state = "void"
		}
		set[i] = fmt.Sprintf("%d %d %d %s %s", g.At.UnixMilli(), g.Worth, g.Version, state, g.ID)
	}
	return &types.AttributeValueMemberSS{Value: set}
}

// decodeGoals is the inverse of encodeGoals, sorted by id; of what is damaged nothing is known.
func decodeGoals(set []string) (goals []message.Goal) {
	for _, spelled := range set {
		parts := strings.SplitN(spelled, " ", 5)
		if len(parts) < 5 {
			continue
		}
		g := message.Goal{ID: parts[4], Void: parts[3] == "void"}
		var at int64
		if _, err := fmt.Sscan(strings.Join(parts[:3], " "), &at, &g.Worth, &g.Version); err != nil {
			continue
		}
		g.At = time.UnixMilli(at).UTC()
		goals = append(goals, g)
	}
	slices.SortFunc(goals, func(a, b message.Goal) int { return strings.Compare(a.ID, b.ID) })
	return goals
}
