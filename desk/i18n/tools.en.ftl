# What only the tools say. Diagnostics carry their English themselves.
severity-error = error
severity-warning = warning
row = row { $row }
rows-more = { $count ->
    [one] and 1 more row: { $rows }
   *[other] and { $count } more rows: { $rows }
}
sum = { $errors ->
    [one] 1 error
   *[other] { $errors } errors
}, { $warnings ->
    [one] 1 warning
   *[other] { $warnings } warnings
}
diff-area-settings = settings
diff-area-questions = questions
diff-area-choices = choices
diff-area-facts = facts
diff-area-indicators = indicators
diff-area-texts = texts
diff-none = no difference that a phone would see
diff-drafts-yes = drafts: old answers mean the same. A phone finishes a draft with the version it was begun with.
diff-drafts-check = drafts: look at these changes. A phone finishes a draft with the version it was begun with.
diff-drafts-no = drafts: old answers do not fit the new version. A phone finishes a draft with the version it was begun with.
diff-facts-yes = facts: comparable
diff-facts-check = facts: comparable, if these changes do not matter
diff-facts-no = facts: not comparable
diff-tables-yes = tables: comparable
diff-tables-check = tables: comparable, if these changes do not matter
diff-tables-no = tables: not comparable

# Services
sv_psychosocial = Psychosocial support
sv_medical = Medical care
sv_shelter = Shelter
sv_food = Food and nutrition
sv_material = Material help (kits, household items)
sv_mobility = Transport and advocacy for mobility
sv_iga = Income-generating activity
sv_training = Professional training
sv_education = Education
sv_legal = Legal assistance
sv_family = Family reunification or mediation
sv_child = Child protection, guardian, tracing
sv_police = Police or protection
sv_docs = Travel or civil documents, embassy
sv_iom = Full screening and case management by IOM or the National Commission
services-read = { $n ->
    [one] 1 service
   *[other] { $n } services
}
services-proposed = { $day }  { $organisation }, { $service }: { $what }
services-proposed-full = takes nobody now
services-proposed-room = takes people again
services-proposed-hours = open { $hours } (until now: { $was })
services-proposed-none = No provider said anything that the directory does not say.
gap-province = { $place }: nobody for { $need } ({ $nation ->
    [0] none in the whole country
    [one] one works in the whole country
   *[other] { $nation } work in the whole country
})
gap-communes = { $need }: only elsewhere in the province, for { $n ->
    [one] one commune
   *[other] { $n } communes
}: { $places }
gap-none = Every commune has a service for every need.

simulated = { $people } invented people
simulated-asked = questions asked: { $median } in the middle, { $late } for one in ten or more
simulated-words = read aloud: { $words } words, { $minutes } minutes at { $pace } words a minute; { $late } minutes for one in ten or more
simulated-hardly = hardly ever asked: { $questions }
simulated-outcomes = outcomes:
simulated-changes = outcomes that move if the form does not have the question:


# Why a screening came out as it did
explained-tier = tier { $tier }
explained-raised = raised from "{ $from }": { $reason }
explained-act = Act
explained-means = Means
explained-purpose = Purpose
explained-met = met
explained-not-met = not established
explained-not-needed = not established, and not needed under 18
explained-positive = Positive by the rule:
explained-dr = deceptive recruitment
explained-cr = coercive recruitment
explained-rv = recruitment by abuse of vulnerability
explained-ex = exploitation
explained-cd = coercion at destination
explained-av = abuse of vulnerability at destination
explained-urgent = Urgent:
explained-flags = To be known:
explained-review = Why a reviewer should look:
explained-unknown = Not known:
explained-changes = What would change it, each by itself:
explained-versions = rule { $rule }, weights { $weights }, form { $form }
explained-same = Computed again from these answers: the same.
explained-other = Computed again from these answers: NOT THE SAME. Ask who made this version of the form or of the program.
