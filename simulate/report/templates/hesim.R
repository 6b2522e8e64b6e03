# ---------------------------------------------------------------------------------------------- conventions
time <- pmin((0:ceiling(horizon * per_month - 1e-6)) / per_month, horizon) # days, in months
middle <- (head(time, -1) + tail(time, -1)) / 2
between <- function(x) (head(x, -1) + tail(x, -1)) / 2

# what a unit at month t is worth at the start
discount <- function(t, what) {
  switch(method,
    continuous = exp(-rate[[what]] * t / 12),
    yearly = (1 + rate[[what]])^-floor(t / 12 + 1e-9),
    per_cycle = (1 + rate[[what]])^-(t / 12)
  )
}

# hesim discounts by exp(-dr t), here with t in months; of whole years it has nothing
hesim_rate <- function(what) if (method == "continuous") rate[[what]] / 12 else log(1 + rate[[what]]) / 12

number <- function(place) if (place %in% names(value)) value[[place]] else 0

# general population utility at an age over that at the start, never rising
aging <- function(t) {
  if (is.null(age_norm)) {
    return(rep(1, length(t)))
  }
  years <- age_norm$start + time / 12
  norm <- 0
  for (b in rev(age_norm$coefficients)) norm <- norm * years + b
  norm <- cummin(pmax(norm, 0)) / norm[1]
  approx(time, norm, xout = t, rule = 2)$y
}

# share spared by deaths of other causes beyond the trial's follow-up, printed for whole months
spared <- if (is.null(spared_by_month)) {
  rep(1, length(time))
} else {
  exp(approx(seq_along(spared_by_month) - 1, log(spared_by_month), xout = time, rule = 2)$y)
}

# ---------------------------------------------------------------------------------------------- accounting
# Costs, QALYs and life-years from who is where: shares progression-free and alive on each day, and progressions
# during each. The same for every structure.
account <- function(s, free, alive, progressing) {
  free <- free * spared
  alive <- alive * spared
  progressing <- progressing * head(spared, -1)
  days <- diff(time)
  in_state <- list(progression_free = between(free) * days, progressed = between(alive - free) * days)
  worth <- discount(middle, "costs")
  health <- discount(middle, "effects") * aging(middle) / 12
  dying <- -diff(alive)
  cost <- c(given = 0, once = 0, states = 0, subsequent = 0, terminal = 0)
  for (x in s$planned) {
    at <- x$day + 1
    still <- if (x$on_treatment) exp(-s$stop * time[at]) else 1
    cost["given"] <- cost["given"] + x$price * sum(x$uses * free[at] * still * discount(time[at], "costs"))
  }
  qaly <- c(progression_free = 0, progressed = 0, outcomes = 0, events = 0, last_months = 0)
  for (x in s$once) {
    cost["once"] <- cost["once"] + x$share * number(x$cost)
    qaly["events"] <- qaly["events"] - x$share * number(x$disutility) * x$days / days_per_month / 12
  }
  for (state in names(in_state)) {
    cost["states"] <- cost["states"] + sum(worth * in_state[[state]]) * number(paste0("states.", state, ".cost"))
    qaly[state] <- sum(health * in_state[[state]]) * number(paste0("states.", state, ".utility"))
  }
  for (x in s$outcomes) {
    lasting <- head(time, -1) * days_per_month >= x$after & head(time, -1) * days_per_month < x$until
    lived <- in_state$progression_free + in_state$progressed
    qaly["outcomes"] <- qaly["outcomes"] + x$share * number(x$gain) * sum(health * lived * lasting)
  }
  cost["states"] <- cost["states"] + sum(worth * progressing) * number("once.progression")
  cost["subsequent"] <- sum(worth * progressing) * number("subsequent.share") * number("subsequent.cost")
  cost["terminal"] <- sum(worth * dying) * number("once.death")
  last <- pmin(middle, near_death_months)
  lost <- sum(dying * last * discount(middle - last / 2, "effects")) / 12
  qaly["last_months"] <- -lost * number("near_death.decrement")
  ly <- (sum(in_state$progression_free) + sum(in_state$progressed)) / 12
  c(cost = sum(cost), qaly = sum(qaly), ly = ly)
}

# ---------------------------------------------------------------------------------------------- hesim
# parameters of a curve on the real line, as params_surv() wants them
params_of <- function(curve) {
  params_surv(
    coefs = lapply(curve$coefs, function(b) data.frame(intercept = b)),
    dist = curve$dist,
    aux = curve$aux
  )
}

rows_of <- function(dat) {
  rows <- expand(dat, by = c("strategies", "patients"))
  rows[, intercept := 1]
  rows
}

# partitioned survival: shares from hesim's curves, and hesim's own integration of utilities and state costs
partitioned <- function(s, i) {
  dat <- hesim_data(
    strategies = data.table(strategy_id = i, strategy_name = s$name),
    patients = data.table(patient_id = 1),
    states = data.table(state_id = 1:2, state_name = c("progression_free", "progressed"))
  )
  curves <- create_PsmCurves(
    params_surv_list(pfs = params_of(s$pfs), os = params_of(s$os)),
    input_data = rows_of(dat)
  )
  monthly <- function(what, per) {
    table <- data.table(state_id = 1:2, est = sapply(dat$states$state_name, function(state) {
      number(paste0("states.", state, ".", what)) / per
    }))
    create_StateVals(stateval_tbl(table, dist = "fixed"), n = 1, hesim_data = dat)
  }
  psm <- Psm$new(
    survival_models = curves,
    utility_model = monthly("utility", 12),
    cost_models = list(states = monthly("cost", 1))
  )
  psm$sim_survival(t = time)
  psm$sim_stateprobs()
  psm$sim_costs(dr = hesim_rate("costs"))
  psm$sim_qalys(dr = hesim_rate("effects"))
  alive <- psm$survival_$survival[psm$survival_$curve == 2]
  free <- pmin(psm$survival_$survival[psm$survival_$curve == 1], alive) # hesim raises OS instead where they cross
  progressing <- pmax(-diff(free), 0) * (1 - s$death_share)
  list(
    total = account(s, free, alive, progressing),
    hesim = c(state_costs = sum(psm$costs_$costs), state_qalys = sum(psm$qalys_$qalys))
  )
}

# Clock reset, by individual patients. Who will progress and who will die first start in two states, so that both leave
# at the same curve and no hazards compete: 1 and 2 are progression-free, 3 progressed, 4 dead.
transitions <- rbind(c(NA, NA, 1, NA), c(NA, NA, NA, 2), c(NA, NA, NA, 3), rep(NA, 4))

reset_stratum <- function(s, i, stratum) {
  dat <- hesim_data(
    strategies = data.table(strategy_id = i, strategy_name = s$name),
    patients = data.table(patient_id = seq_len(patients))
  )
  dies_first <- seq_len(patients) <= round(patients * stratum$death_share)
  model <- create_IndivCtstmTrans(
    params_surv_list(params_of(stratum$pfs), params_of(stratum$pfs), params_of(stratum$pps)),
    input_data = rows_of(dat),
    trans_mat = transitions,
    clock = "reset",
    start_state = ifelse(dies_first, 2, 1),
    start_age = 0
  )
  moves <- model$sim_disease(max_t = horizon, max_age = 10 * horizon) # ages are months here
  moves <- moves[moves$time_stop < horizon - 1e-9, ]
  left <- function(rows) findInterval(time, sort(moves$time_stop[rows])) / patients
  progressing <- diff(left(moves$from == 1 & moves$to == 3))
  account(s, 1 - left(moves$from %in% 1:2), 1 - left(moves$to == 4), progressing)
}

clock_reset <- function(s, i) {
  Reduce(`+`, lapply(s$reset, function(stratum) stratum$share * reset_stratum(s, i, stratum)))
}

# ---------------------------------------------------------------------------------------------- side by side
beside <- function(structure, found, ours) {
  table <- data.frame(
    structure = structure,
    strategy = rep(sapply(strategies, function(s) s$name), each = 3),
    measure = names(found[[1]]),
    hesim = unlist(found, use.names = FALSE),
    simulate = unlist(ours, use.names = FALSE)
  )
  table$difference <- table$hesim / table$simulate - 1
  table
}

increments <- function(structure, found) {
  base <- found[[1]]
  for (i in seq_along(found)[-1]) {
    delta <- found[[i]] - base
    cat(sprintf(
      "%s: %s against %s: cost %.2f, QALY %.5f, cost per QALY %.1f\n", structure, strategies[[i]]$name,
      strategies[[1]]$name, delta[["cost"]], delta[["qaly"]], delta[["cost"]] / delta[["qaly"]]
    ))
  }
}

set.seed(seed)
psm <- lapply(seq_along(strategies), function(i) partitioned(strategies[[i]], i))
found <- lapply(psm, function(x) x$total)
print(beside("partitioned", found, lapply(strategies, function(s) s$ours_partitioned)), digits = 8)
increments("partitioned", found)
cat("States alone, integrated by hesim (without age norm, and discounted continuously):\n")
print(sapply(psm, function(x) x$hesim), digits = 8)

if (all(sapply(strategies, function(s) length(s$reset) > 0))) {
  found <- lapply(seq_along(strategies), function(i) clock_reset(strategies[[i]], i))
  print(beside("clock_reset", found, lapply(strategies, function(s) s$ours_clock_reset)), digits = 8)
  increments("clock_reset", found)
  cat(sprintf("clock_reset: %d patients a stratum; differences of a percent or so are sampling error\n", patients))
} else {
  cat("clock_reset: time after progression depends on when progression came, which hesim has no term for; left out\n")
}
