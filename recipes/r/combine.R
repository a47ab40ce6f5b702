# Puts the parts together: estimates with their 95 % intervals.
# Argument: how many parts there are.
parts <- seq_len(as.integer(commandArgs(trailingOnly = TRUE)))
files <- file.path(Sys.getenv("FOLDER"), sprintf("part-%05d.rds", parts))
fits <- do.call(rbind, lapply(files, readRDS))

intervals <- apply(fits, 2, quantile, c(0.025, 0.975))
estimates <- data.frame(estimate = coef(lm(mpg ~ wt + hp, data = mtcars)), t(intervals), check.names = FALSE)
write.csv(estimates, "estimates.csv")
cat(nrow(fits), "samples from", length(files), "tasks\n")
print(estimates, digits = 3)
