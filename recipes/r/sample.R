# Fits fuel consumption against weight and power (`mtcars` comes with R) to samples of the cars, drawn with replacement.
# Arguments: the number of the part, which is also the seed of its chance, and how many samples to draw.
arguments <- as.integer(commandArgs(trailingOnly = TRUE))
part <- arguments[1]
set.seed(part)

fits <- t(replicate(arguments[2], {
  cars <- mtcars[sample(nrow(mtcars), replace = TRUE), ]
  coef(lm(mpg ~ wt + hp, data = cars))
}))

folder <- Sys.getenv("FOLDER")
dir.create(folder, showWarnings = FALSE)
saveRDS(fits, file.path(folder, sprintf("part-%05d.rds", part)))
cat(nrow(fits), "samples, mean coefficients", format(colMeans(fits), digits = 4), "\n")
