#pragma once

#include <string>
#include <vector>

#include "api/migration.hpp"
#include "engine/world.hpp"

/// spec.imageFrom of a Migration: its image is the one that a Deployment has, which requires DATABASE@image and so is
/// held until the migrations of that image have run.
///
/// All that is decided by run key and image is decided as if the image of this moment were written in the spec: a new
/// image in the Deployment is what a new spec.image is. What runs goes on, what has not begun is given up, and an image
/// that came and went between two runs is never run.
namespace engine {

/// Exactly one of the two is set.
struct ImageSource {
    std::string image;
    /// Why there is none, and what to do; whole sentences.
    std::string problem;
};

/// The image that this Migration asks for now. `workloads`: gated ones of its namespace.
ImageSource FindImage(const api::Migration& migration, const std::vector<Shared<observed::WorkloadFacts>>& workloads);

/// The Migration with image and run key as they are now; both are empty where there is no image, and then nothing is
/// run for it.
api::Migration WithImage(const api::Migration& migration,
                         const std::vector<Shared<observed::WorkloadFacts>>& workloads);

/// The same world, each of its Migrations WithImage().
World WithImages(const World& world);

/// Some Migration's image stands elsewhere: WithImages() has something to do.
bool NeedsImages(const World& world);

/// What is said to have changed when a Migration asks for another run: "the spec", or the Deployment's image.
std::string WhatChanged(const api::Migration& migration);

}  // namespace engine
